"""Random graphs of ONNX operators: graph.py builds one, the other files say how operators are used."""
