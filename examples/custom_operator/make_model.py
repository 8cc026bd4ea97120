"""Writes smooth.onnx: a signal of 16 numbers, its running median (an operator of this example's own,
which no runtime knows), and where the median is above 0.5. Needs python3-onnx."""
import onnx
from onnx import TensorProto, helper

signal = helper.make_tensor_value_info('signal', TensorProto.FLOAT, ['batch', 16])
median = helper.make_tensor_value_info('median', TensorProto.FLOAT, ['batch', 16])
high = helper.make_tensor_value_info('high', TensorProto.BOOL, ['batch', 16])
nodes = [
    helper.make_node('RunningMedian', ['signal'], ['median'], 'smooth', domain='example', width=3),
    helper.make_node('Greater', ['median', 'half'], ['high'], 'compare'),
]
half = helper.make_tensor('half', TensorProto.FLOAT, [], [0.5])
graph = helper.make_graph(nodes, 'smooth', [signal], [median, high], [half])
model = helper.make_model(
    graph, producer_name='make_model.py', ir_version=8,
    opset_imports=[helper.make_opsetid('', 13), helper.make_opsetid('example', 1)])
onnx.save(model, 'smooth.onnx')
