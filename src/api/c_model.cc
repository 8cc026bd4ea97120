// The C API's models: loading, entries, inputs and outputs as declared, metadata.
#include <string>

#include "src/api/boundary.h"
#include "src/api/handles.h"
#include "src/api/tensor_info.h"

namespace {

using qrt::api::guarded;
using qrt::api::null_argument;
using qrt::api::read_allocator;
using qrt::api::read_struct;
using qrt::rt::Code;
using qrt::rt::Model;
using qrt::rt::Status;
namespace fb = qrt::fb;

using Loaded = qrt::rt::Result<std::shared_ptr<const Model>>;

// Loads by `load`, which is given the name that messages use.
template <class Load>
qrt_status load_model(const qrt_model_options* options, const char* default_name, qrt_model** model,
                      qrt_error* error, const Load& load) {
  return guarded(error, [&]() -> Status {
    if (model == nullptr || default_name == nullptr) return null_argument();
    qrt_model_options wishes;
    QRT_RETURN_IF_ERROR(read_struct(options, &wishes, "model options"));
    qrt::rt::Allocator allocator;
    QRT_RETURN_IF_ERROR(read_allocator(wishes.allocator, &allocator));
    const qrt::rt::AllocatorScope scope(allocator);
    const std::string name = wishes.name != nullptr ? wishes.name : default_name;
    QRT_ASSIGN_OR_RETURN(auto loaded, load(name));
    *model = new qrt_model{std::move(loaded)};
    return {};
  });
}

const fb::Subgraph* entry_of(const qrt_model* model, uint32_t entry) {
  return model != nullptr && entry < model->model->entries() ? &model->model->entry(entry)
                                                             : nullptr;
}

// Inputs or outputs of a subgraph.
using Indices = flatbuffers::Vector<int32_t>;
const Indices& indices_of(const fb::Subgraph& graph, bool inputs) {
  return inputs ? *graph.inputs() : *graph.outputs();
}

size_t tensor_count(const qrt_model* model, uint32_t entry, bool inputs) {
  const fb::Subgraph* graph = entry_of(model, entry);
  return graph != nullptr ? indices_of(*graph, inputs).size() : 0;
}

int32_t find(const qrt_model* model, uint32_t entry, bool inputs, const char* name) {
  const fb::Subgraph* graph = entry_of(model, entry);
  return graph != nullptr ? qrt::api::find_tensor(*graph, indices_of(*graph, inputs), name) : -1;
}

qrt_status tensor_info(const qrt_model* model, uint32_t entry, bool inputs, size_t index,
                       qrt_tensor_info* info, qrt_error* error) {
  return guarded(error, [&]() -> Status {
    if (model == nullptr || info == nullptr) return null_argument();
    const fb::Subgraph* graph = entry_of(model, entry);
    if (graph == nullptr) {
      return qrt::rt::error(Code::InvalidArgument, "entry %u does not exist, the model has %u",
                            entry, model->model->entries());
    }
    const Indices& indices = indices_of(*graph, inputs);
    if (index >= indices.size()) {
      return qrt::rt::error(Code::InvalidArgument, "%s %zu does not exist, the model has %u",
                            inputs ? "input" : "output", index, indices.size());
    }
    const fb::Tensor& tensor =
        *graph->tensors()->Get(static_cast<unsigned>(indices.Get(static_cast<unsigned>(index))));
    const qrt::rt::Shape shape(tensor.shape()->data(), tensor.shape()->size());
    return qrt::api::write_tensor_info(tensor, shape, QRT_NOT_BOUND, info);
  });
}

const fb::KeyValue* metadata(const qrt_model* model, size_t index) {
  return index < qrt_model_metadata_count(model)
             ? model->model->root().metadata()->Get(static_cast<unsigned>(index))
             : nullptr;
}

}  // namespace

extern "C" {

const char* qrt_version(void) { return QRT_VERSION; }

qrt_status qrt_model_load_file(const char* path, const qrt_model_options* options,
                               qrt_model** model, qrt_error* error) {
  return load_model(options, path, model, error,
                    [&](const std::string& name) -> Loaded { return Model::open(path, name); });
}

qrt_status qrt_model_load_fd(int fd, uint64_t offset, uint64_t bytes,
                             const qrt_model_options* options, qrt_model** model,
                             qrt_error* error) {
  return load_model(options, "model", model, error, [&](const std::string& name) -> Loaded {
    return Model::from_descriptor(fd, offset, bytes, name);
  });
}

qrt_status qrt_model_load_buffer(const void* data, size_t bytes, const qrt_model_options* options,
                                 qrt_model** model, qrt_error* error) {
  return load_model(options, "model", model, error, [&](const std::string& name) -> Loaded {
    return Model::from_buffer(data, bytes, name);
  });
}

void qrt_model_free(qrt_model* model) { delete model; }

uint32_t qrt_model_entry_count(const qrt_model* model) {
  return model != nullptr ? model->model->entries() : 0;
}

const char* qrt_model_entry_name(const qrt_model* model, uint32_t entry) {
  return entry_of(model, entry) != nullptr ? model->model->entry_name(entry) : nullptr;
}

size_t qrt_model_input_count(const qrt_model* model, uint32_t entry) {
  return tensor_count(model, entry, true);
}

size_t qrt_model_output_count(const qrt_model* model, uint32_t entry) {
  return tensor_count(model, entry, false);
}

int32_t qrt_model_find_input(const qrt_model* model, uint32_t entry, const char* name) {
  return find(model, entry, true, name);
}

int32_t qrt_model_find_output(const qrt_model* model, uint32_t entry, const char* name) {
  return find(model, entry, false, name);
}

qrt_status qrt_model_input_info(const qrt_model* model, uint32_t entry, size_t index,
                                qrt_tensor_info* info, qrt_error* error) {
  return tensor_info(model, entry, true, index, info, error);
}

qrt_status qrt_model_output_info(const qrt_model* model, uint32_t entry, size_t index,
                                 qrt_tensor_info* info, qrt_error* error) {
  return tensor_info(model, entry, false, index, info, error);
}

size_t qrt_model_metadata_count(const qrt_model* model) {
  if (model == nullptr || model->model->root().metadata() == nullptr) return 0;
  return model->model->root().metadata()->size();
}

const char* qrt_model_metadata_key(const qrt_model* model, size_t index) {
  const fb::KeyValue* entry = metadata(model, index);
  return entry != nullptr ? entry->key()->c_str() : nullptr;
}

const char* qrt_model_metadata_value(const qrt_model* model, size_t index) {
  const fb::KeyValue* entry = metadata(model, index);
  return entry != nullptr ? entry->value()->c_str() : nullptr;
}

// One after the other: a file need not keep its keys in order.
const char* qrt_model_find_metadata(const qrt_model* model, const char* key) {
  for (size_t i = 0; key != nullptr && i < qrt_model_metadata_count(model); ++i) {
    if (std::strcmp(qrt_model_metadata_key(model, i), key) == 0) {
      return qrt_model_metadata_value(model, i);
    }
  }
  return nullptr;
}

const char* qrt_model_output_labels(const qrt_model* model, uint32_t entry, size_t index) {
  const fb::Subgraph* graph = entry_of(model, entry);
  if (graph == nullptr || index >= graph->outputs()->size()) return nullptr;
  const auto tensor = static_cast<unsigned>(graph->outputs()->Get(static_cast<unsigned>(index)));
  const auto* name = graph->tensors()->Get(tensor)->name();
  // Keys are compared in parts, for nothing here may allocate.
  constexpr char kPrefix[] = "labels:";
  constexpr size_t kLength = sizeof kPrefix - 1;
  for (size_t i = 0; name != nullptr && i < qrt_model_metadata_count(model); ++i) {
    const char* key = qrt_model_metadata_key(model, i);
    if (std::strncmp(key, kPrefix, kLength) == 0 &&
        std::strcmp(key + kLength, name->c_str()) == 0) {
      return qrt_model_metadata_value(model, i);
    }
  }
  return qrt_model_find_metadata(model, "labels");
}

}  // extern "C"
