/* libqrt's C API, C99: load a .qrt model, run it, read the results.
 *
 *   model    a .qrt file, mapped and verified; never copied where it can be used in place
 *   program  the model compiled for this CPU: kernels chosen, weights packed
 *   session  one running instance: its working memory, state and threads
 *
 * Errors:
 * - Nothing throws, prints or aborts.
 * - Every call that can fail returns a qrt_status. It fills `error`, if that is not NULL, with the
 *   same status and one sentence; after success the sentence is empty.
 * - A call that fails changes nothing, unless it says so.
 * - Every pointer argument must not be NULL, unless its description says otherwise; if it is, calls
 *   that return a status give QRT_INVALID_ARGUMENT.
 *
 * Threads:
 * - Models and programs may be used from any threads at once.
 * - A session is used by one thread at a time, except for qrt_session_cancel. Several sessions of
 *   one program may run at once.
 *
 * Lifetimes:
 * - Handles may be freed in any order: what still needs a model or a program keeps it alive.
 * - Strings and arrays that calls give belong to the handle, and live as long as it does.
 *
 * A stable ABI:
 * - Structures that may grow begin with their own size, which the caller sets: zero the structure,
 *   then `s.struct_size = sizeof s`, or use its _INIT macro. The library reads and writes no more
 *   than that. New fields are added at the end; zero is what an old caller would have meant.
 * - Fields that are set and that this version does not know are refused, not ignored.
 * - Structures without a size never change. Enumerations are constants of a fixed-width type.
 */
#ifndef QRT_QRT_H_
#define QRT_QRT_H_

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define QRT_API __attribute__((visibility("default")))
#else
#define QRT_API
#endif

#if defined(__cplusplus) && __cplusplus >= 201703L
#define QRT_NODISCARD [[nodiscard]]
#else
#define QRT_NODISCARD
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- errors ---------------------------------------------------------------------------------- */

typedef int32_t qrt_status;
enum {
  QRT_OK = 0,
  QRT_INVALID_ARGUMENT = 1, /* the caller's arguments */
  QRT_INVALID_MODEL = 2,    /* the model's bytes */
  QRT_UNSUPPORTED = 3,      /* valid, but not in this build or on this CPU */
  QRT_IO_ERROR = 4,
  QRT_OUT_OF_MEMORY = 5,
  QRT_CANCELLED = 6,      /* by qrt_session_cancel */
  QRT_OPERATOR_FAILED = 7 /* a custom operator of the app's */
};

typedef struct qrt_error {
  size_t struct_size; /* sizeof(qrt_error) */
  qrt_status status;
  char message[500]; /* one sentence without a full stop, cut if it is longer */
} qrt_error;
#define QRT_ERROR_INIT \
  { sizeof(qrt_error), QRT_OK, "" }

/* "0.1.0" */
QRT_API const char* qrt_version(void);

/* ---- memory and messages --------------------------------------------------------------------- */

/* Where blocks come from whose size grows with the model: packed weights, arenas, state, copies of
 * models. Small objects are the C++ heap's, threads' stacks the system's, and XNNPACK's packed
 * float weights XNNPACK's.
 * - allocate gives at least `bytes` (never 0) aligned to `alignment`, a power of two; or NULL,
 * which makes the call that needed the block fail with QRT_OUT_OF_MEMORY.
 * - deallocate takes what allocate gave, with the same `bytes`.
 * - Both are called by the thread that makes, resizes or frees the handle; never by a run.
 * - `user` must live until the last handle that uses the allocator is freed. The structure itself
 * is copied. */
typedef struct qrt_allocator {
  size_t struct_size; /* sizeof(qrt_allocator) */
  void* user;
  void* (*allocate)(void* user, size_t bytes, size_t alignment);
  void (*deallocate)(void* user, void* memory, size_t bytes);
} qrt_allocator;

enum {
  QRT_LOG_INFO = 1,   /* the kernel of each operator */
  QRT_LOG_WARNING = 2 /* an operator of a quantized model that computes in float; a portable kernel
                         where a faster one is missing */
};
/* `message` is one sentence and lives as long as the call. Called by the thread that makes the
 * handle. */
typedef void (*qrt_log_function)(void* user, uint32_t level, const char* message);

/* ---- tensors --------------------------------------------------------------------------------- */

/* Element types. An S4 tensor holds two elements a byte, the lower half first. */
enum {
  QRT_F32 = 0,
  QRT_F16 = 1,
  QRT_S8 = 2,
  QRT_U8 = 3,
  QRT_S16 = 4,
  QRT_S32 = 5,
  QRT_S64 = 6,
  QRT_BOOL = 7, /* a byte; 0 is false */
  QRT_S4 = 8,
  QRT_F64 = 9,
  QRT_BF16 = 10 /* the upper half of an F32 */
};

#define QRT_MAX_RANK 8

/* How an input or output of a session is tied to memory of the caller's. */
enum {
  QRT_NOT_BOUND = 0,
  QRT_BOUND_DIRECTLY = 1, /* operators use the caller's memory */
  QRT_BOUND_BY_COPY = 2   /* it is copied before or after each run */
};

/* An input or output.
 * real = scale * (q - zero_point) for a quantized tensor. One scale a tensor: `scale` and
 * `zero_point`, which `scales` and `zero_points` repeat. Several: element i along `axis` has
 * scales[i / block] (block 0: scales[i]), and `scale` is 0. */
typedef struct qrt_tensor_info {
  size_t struct_size; /* sizeof(qrt_tensor_info) */
  const char* name;   /* "" if it has none */
  uint32_t type;      /* QRT_F32, ... */
  int32_t rank;
  int32_t dims[QRT_MAX_RANK];          /* of a model: -1 where open; of a session: numbers */
  const char* dim_names[QRT_MAX_RANK]; /* symbols of the model's dimensions; NULL without */
  size_t bytes;                        /* 0 while a dimension is open */
  float scale;                         /* 0: not quantized, or several scales */
  int32_t zero_point;
  size_t scale_count;         /* 0: not quantized */
  const float* scales;        /* scale_count of them */
  const int32_t* zero_points; /* scale_count of them; NULL: all zero */
  int32_t axis;               /* that several scales go along; -1: one scale */
  int32_t block;              /* elements that share a scale; 0: one */
  uint32_t bound;             /* of a session: QRT_NOT_BOUND, ... */
  uint32_t reserved;          /* 0 */
} qrt_tensor_info;

/* The shape that one input takes. `rank` numbers of `dims` count; none is negative. */
typedef struct qrt_input_shape {
  uint32_t index; /* of the input */
  int32_t rank;
  int32_t dims[QRT_MAX_RANK];
} qrt_input_shape;

typedef struct qrt_model qrt_model;
typedef struct qrt_program qrt_program;
typedef struct qrt_session qrt_session;

/* ---- models ---------------------------------------------------------------------------------- */

typedef struct qrt_model_options {
  size_t struct_size;             /* sizeof(qrt_model_options) */
  const char* name;               /* what messages call it; NULL: its path, or "model" */
  const qrt_allocator* allocator; /* NULL: the C library */
} qrt_model_options;

/* Each gives a model in *model. `options` may be NULL. Errors:
 * - QRT_IO_ERROR: the file cannot be opened or mapped, is no regular file, or ends too early;
 * - QRT_INVALID_MODEL: the bytes are no model, or a damaged one;
 * - QRT_UNSUPPORTED: a newer format than this version reads. */

/* Maps a .qrt file, which must not change while the model is used. */
QRT_NODISCARD QRT_API qrt_status qrt_model_load_file(const char* path,
                                                     const qrt_model_options* options,
                                                     qrt_model** model, qrt_error* error);

/* A model inside of a file that is open (an app's package, for example).
 * - It takes `bytes` from `offset` on; 0 bytes: up to the file's end.
 * - `offset` may be any. A multiple of 16 is mapped; another is copied.
 * - `fd` may be closed afterwards. Its position is neither used nor changed.
 * - The file must not change while the model is used. */
QRT_NODISCARD QRT_API qrt_status qrt_model_load_fd(int fd, uint64_t offset, uint64_t bytes,
                                                   const qrt_model_options* options,
                                                   qrt_model** model, qrt_error* error);

/* Uses `data` in place: aligned to 16 bytes, unchanged, and outliving all use of the model. */
QRT_NODISCARD QRT_API qrt_status qrt_model_load_buffer(const void* data, size_t bytes,
                                                       const qrt_model_options* options,
                                                       qrt_model** model, qrt_error* error);

QRT_API void qrt_model_free(qrt_model* model); /* NULL is allowed, as in every free below */

/* What a model computes stands in entries (the signatures of a TensorFlow Lite file); most models
 * have one. Names may be "". NULL if there is no such entry. */
QRT_API uint32_t qrt_model_entry_count(const qrt_model* model);
QRT_API const char* qrt_model_entry_name(const qrt_model* model, uint32_t entry);

/* Inputs and outputs as the model declares them, before a session exists. Counts are 0 and find
 * gives -1 if there is no such entry or name; of equal names find gives the first. */
QRT_API size_t qrt_model_input_count(const qrt_model* model, uint32_t entry);
QRT_API size_t qrt_model_output_count(const qrt_model* model, uint32_t entry);
QRT_API int32_t qrt_model_find_input(const qrt_model* model, uint32_t entry, const char* name);
QRT_API int32_t qrt_model_find_output(const qrt_model* model, uint32_t entry, const char* name);
QRT_NODISCARD QRT_API qrt_status qrt_model_input_info(const qrt_model* model, uint32_t entry,
                                                      size_t index, qrt_tensor_info* info,
                                                      qrt_error* error);
QRT_NODISCARD QRT_API qrt_status qrt_model_output_info(const qrt_model* model, uint32_t entry,
                                                       size_t index, qrt_tensor_info* info,
                                                       qrt_error* error);

/* Facts for people: where the model came from, what was assumed. In ascending order of keys. */
QRT_API size_t qrt_model_metadata_count(const qrt_model* model);
/* NULL if there is no such index. */
QRT_API const char* qrt_model_metadata_key(const qrt_model* model, size_t index);
QRT_API const char* qrt_model_metadata_value(const qrt_model* model, size_t index);
/* The value of a key; NULL if it is not there. */
QRT_API const char* qrt_model_find_metadata(const qrt_model* model, const char* key);

/* What the classes of an output are called: UTF-8, a line a class, line i for element i. From the
 * metadata "labels:NAME" of an output called NAME, or from "labels". NULL if the model has none. */
QRT_API const char* qrt_model_output_labels(const qrt_model* model, uint32_t entry, size_t index);

/* ---- custom operators ------------------------------------------------------------------------ */

/* An operator that the app computes itself, because libqrt does not know it. `qrt convert --custom
 * NAME` leaves an operator of a model's to the app; the app gives it to each program by that name.
 *
 * A callback sees one operator of the model as a qrt_custom_node, which lives as long as the call.
 * It returns QRT_OK, or what qrt_custom_fail returns; any other status is a failure, too. It must
 * not throw, and may be called by several threads at once for different sessions. */
typedef struct qrt_custom_node qrt_custom_node;
typedef qrt_status (*qrt_custom_function)(void* user_data, qrt_custom_node* node);

typedef struct qrt_custom_operator {
  size_t struct_size; /* sizeof(qrt_custom_operator) */
  const char* name;   /* as the model has it */
  void* user_data;    /* lives until the last program and session that use it are freed */
  /* Gives the outputs their shapes (qrt_custom_set_output_shape), from the inputs' shapes and the
   * attributes, and asks for scratch. Called when programs and sessions are made and sessions are
   * resized, often several times. NULL: outputs have the shapes that the model declares. */
  qrt_custom_function shape;
  /* Computes the outputs from the inputs. Called in qrt_session_run, by the thread that runs. */
  qrt_custom_function run;
} qrt_custom_operator;

/* Inputs and outputs with their present shapes. An input that is optional and absent is refused
 * with QRT_INVALID_ARGUMENT; so is an output within `shape`, of which the shape is not known yet.
 */
QRT_API size_t qrt_custom_input_count(const qrt_custom_node* node);
QRT_API size_t qrt_custom_output_count(const qrt_custom_node* node);
QRT_NODISCARD QRT_API qrt_status qrt_custom_input_info(const qrt_custom_node* node, size_t index,
                                                       qrt_tensor_info* info);
QRT_NODISCARD QRT_API qrt_status qrt_custom_output_info(const qrt_custom_node* node, size_t index,
                                                        qrt_tensor_info* info);

/* Elements, aligned to 16 bytes at least (constants) or to 64. An input's must not be changed. NULL
 * if there is no such index, if the input is absent, and within `shape`, where only constants have
 * elements. */
QRT_API const void* qrt_custom_input_data(const qrt_custom_node* node, size_t index);
QRT_API void* qrt_custom_output_data(const qrt_custom_node* node, size_t index);

/* Within `shape`. */
QRT_NODISCARD QRT_API qrt_status qrt_custom_set_output_shape(qrt_custom_node* node, size_t index,
                                                             const int32_t* dims, int32_t rank);
/* Within `shape`: memory that `run` finds as qrt_custom_scratch, aligned to 64 bytes. It holds
 * anything, and is shared with other operators. NULL if none was asked for, and within `shape`. */
QRT_API void qrt_custom_set_scratch_bytes(qrt_custom_node* node, size_t bytes);
QRT_API void* qrt_custom_scratch(const qrt_custom_node* node);

/* What a TensorFlow Lite file says of the operator (custom_options), aligned to 8 bytes. NULL:
 * none. */
QRT_API const void* qrt_custom_data(const qrt_custom_node* node, size_t* bytes);
/* The attributes of an ONNX operator, and of a TensorFlow Lite one if custom_options are a
 * FlexBuffers map. Each call returns whether there is one of this name and type: `int` takes
 * integers, booleans and lists of one integer, `float` any such number. Strings end with a zero and
 * live as long as the model. Of a list at most `capacity` elements are copied; *count is how many
 * there are. */
QRT_API int32_t qrt_custom_attribute_int(const qrt_custom_node* node, const char* name,
                                         int64_t* value);
QRT_API int32_t qrt_custom_attribute_float(const qrt_custom_node* node, const char* name,
                                           double* value);
QRT_API int32_t qrt_custom_attribute_string(const qrt_custom_node* node, const char* name,
                                            const char** value);
QRT_API int32_t qrt_custom_attribute_ints(const qrt_custom_node* node, const char* name,
                                          int64_t* values, size_t capacity, size_t* count);
QRT_API int32_t qrt_custom_attribute_floats(const qrt_custom_node* node, const char* name,
                                            double* values, size_t capacity, size_t* count);

/* `return qrt_custom_fail(node, "what is wrong")`: the call that is under way fails with
 * QRT_OPERATOR_FAILED (a resize with QRT_INVALID_ARGUMENT), the operator's name and this sentence.
 */
QRT_API qrt_status qrt_custom_fail(qrt_custom_node* node, const char* message);

/* ---- programs -------------------------------------------------------------------------------- */

typedef struct qrt_program_options {
  size_t struct_size; /* sizeof(qrt_program_options) */
  /* "scalar", "avx2", ...: kernels of this instruction set and of those that it includes; NULL: the
   * environment variable QRT_ISA, or without it all that this CPU has. */
  const char* isa;
  const char* entry;              /* by name; NULL: the first */
  const qrt_allocator* allocator; /* of its sessions, too; NULL: the C library */
  qrt_log_function log;           /* called while the program is made; NULL: nothing is said */
  void* log_user;
  /* What the app computes itself; copied. All have the first one's struct_size, and names differ.
   */
  const qrt_custom_operator* custom_operators;
  size_t custom_operator_count;
} qrt_program_options;

/* Checks every operator, chooses kernels and packs weights. `options` may be NULL. Errors:
 * - QRT_INVALID_ARGUMENT: `isa` or `entry` names nothing that is there;
 * - QRT_INVALID_MODEL, QRT_UNSUPPORTED: an operator is wrong, or not in this build;
 * - QRT_OPERATOR_FAILED: a custom operator's `shape`;
 * - QRT_OUT_OF_MEMORY. */
QRT_NODISCARD QRT_API qrt_status qrt_program_create(const qrt_model* model,
                                                    const qrt_program_options* options,
                                                    qrt_program** program, qrt_error* error);
QRT_API void qrt_program_free(qrt_program* program);

/* The instruction set that kernels are chosen for: "avx2", ... */
QRT_API const char* qrt_program_isa(const qrt_program* program);

/* ---- sessions -------------------------------------------------------------------------------- */

typedef struct qrt_session_options {
  size_t struct_size;         /* sizeof(qrt_session_options) */
  int32_t threads;            /* the caller's among them; 0 or 1: no others */
  uint32_t input_shape_count; /* of `input_shapes` */
  /* Shapes of inputs that do not take the model's (1 for an open dimension) from the start. */
  const qrt_input_shape* input_shapes;
  /* Working memory that the model may ask for, in bytes; 0: 1 GiB. A model is untrusted, and a
   * small file can ask for much. */
  size_t max_arena_bytes;
  /* A pthreadpool_t of the caller's, which outlives the session and overrides `threads`; or NULL.
   */
  void* thread_pool;
  /* The caller's memory for all that runs work with, or NULL: the session allocates.
   * - aligned to 64 bytes, outliving the session, and no other session's;
   * - at least what qrt_session_required_arena says. A larger one leaves room for a resize. */
  void* arena;
  size_t arena_bytes;
  const qrt_allocator* allocator; /* NULL: the program's */
} qrt_session_options;

/* Allocates everything that running will need. `options` may be NULL. With several threads the
 * first runs (24 or 20 milliseconds of them, whichever is less) find out from which size on work is
 * worth sharing here, if at all; results are the same bits. Errors:
 * - QRT_INVALID_ARGUMENT: an input cannot have its shape, or the shapes do not fit each other;
 * - QRT_OUT_OF_MEMORY: the model needs more than max_arena_bytes, than arena_bytes (the sentence
 *   says how much it needs), or than there is. */
QRT_NODISCARD QRT_API qrt_status qrt_session_create(const qrt_program* program,
                                                    const qrt_session_options* options,
                                                    qrt_session** session, qrt_error* error);
QRT_API void qrt_session_free(qrt_session* session);

/* The arena_bytes that qrt_session_create with these options needs: for these shapes, and for this
 * number of threads. Takes as long as creating a session. */
QRT_NODISCARD QRT_API qrt_status qrt_session_required_arena(const qrt_program* program,
                                                            const qrt_session_options* options,
                                                            size_t* bytes, qrt_error* error);

/* Threads that a run uses, the caller's among them. */
QRT_API size_t qrt_session_threads(const qrt_session* session);

/* As for models. Some sizes of outputs only a run decides (how many boxes were found): until then
 * the info has the most that there can be, and behind it what the last run decided. */
QRT_API size_t qrt_session_input_count(const qrt_session* session);
QRT_API size_t qrt_session_output_count(const qrt_session* session);
QRT_API int32_t qrt_session_find_input(const qrt_session* session, const char* name);
QRT_API int32_t qrt_session_find_output(const qrt_session* session, const char* name);
QRT_NODISCARD QRT_API qrt_status qrt_session_input_info(const qrt_session* session, size_t index,
                                                        qrt_tensor_info* info, qrt_error* error);
QRT_NODISCARD QRT_API qrt_status qrt_session_output_info(const qrt_session* session, size_t index,
                                                         qrt_tensor_info* info, qrt_error* error);

/* Where to write an input or read an output: `info.bytes` bytes, aligned to 64.
 * - The address is fixed until the session is resized, or the tensor bound or unbound.
 * - A run leaves inputs as they were.
 * - NULL if there is no such index, and for an input that is bound. For an output that is bound,
 * the caller's memory. */
QRT_API void* qrt_session_input_data(qrt_session* session, size_t index);
QRT_API const void* qrt_session_output_data(const qrt_session* session, size_t index);

/* Copies elements of the tensor's own type; `bytes` must be its size. An input that is bound is
 * refused with QRT_INVALID_ARGUMENT. */
QRT_NODISCARD QRT_API qrt_status qrt_session_set_input(qrt_session* session, size_t index,
                                                       const void* data, size_t bytes,
                                                       qrt_error* error);
QRT_NODISCARD QRT_API qrt_status qrt_session_get_output(const qrt_session* session, size_t index,
                                                        void* data, size_t bytes, qrt_error* error);

/* The same in real numbers, `count` of them, which must be the tensor's elements.
 * - A quantized input takes the nearest value (half to even), saturated; not-a-number is real zero.
 * - f32, and s8, u8 and s16 with one scale; others are refused with QRT_UNSUPPORTED. */
QRT_NODISCARD QRT_API qrt_status qrt_session_set_input_f32(qrt_session* session, size_t index,
                                                           const float* data, size_t count,
                                                           qrt_error* error);
QRT_NODISCARD QRT_API qrt_status qrt_session_get_output_f32(const qrt_session* session,
                                                            size_t index, float* data, size_t count,
                                                            qrt_error* error);

/* Gives an input another shape of the same rank.
 * - A session remembers its last few shapes: to return to one takes no planning and no allocation.
 * - Weights stay packed, and state stays what it is. Contents of inputs and outputs are lost, and
 *   what was bound no longer is.
 * - Only dimensions that the model leaves open change (qrt convert --shape opens others): operators
 *   may have been converted for the others' sizes.
 * - Errors are those of qrt_session_create; then the session is as it was. */
QRT_NODISCARD QRT_API qrt_status qrt_session_resize_input(qrt_session* session, size_t index,
                                                          const int32_t* dims, int32_t rank,
                                                          qrt_error* error);

/* The same for `count` inputs at once, whose shapes may fit only together. */
QRT_NODISCARD QRT_API qrt_status qrt_session_resize_inputs(qrt_session* session,
                                                           const qrt_input_shape* shapes,
                                                           size_t count, qrt_error* error);

/* Ties an input or output to the caller's memory: runs read it from there, or write it there.
 * - Until the session is resized or freed, or the tensor bound again. NULL as `memory` unbinds.
 * - `bytes` is what may be read of an input's memory, and written of an output's: `info.bytes` at
 *   least; of an output whose size a run decides, what that is before the first run.
 * - Nothing is copied if the memory is aligned to an element's size (to 64 bytes is fastest), and
 *   `bytes` is `info.bytes` + 16 or more: some float kernels read that far, without using it.
 *   Otherwise, and for outputs that are not computed but an input, a constant, state or another
 *   output, a run copies. The results are the same. `info.bound` says which it is.
 * - Memory of an output may not overlap any other that is bound, but may be that of one input, of
 *   as many bytes: a cache that a run updates in place. It is refused unless nothing is copied, all
 *   else that reads the input has run when the output is first written, and the operator that
 *   writes it can work in place. Bound to both, the memory holds the output after a run.
 * - Binding costs far less than planning, but more than writing a few elements: bind once, not for
 *   every run.
 * - On an error the session is as it was. */
QRT_NODISCARD QRT_API qrt_status qrt_session_bind_input(qrt_session* session, size_t index,
                                                        const void* memory, size_t bytes,
                                                        qrt_error* error);
QRT_NODISCARD QRT_API qrt_status qrt_session_bind_output(qrt_session* session, size_t index,
                                                         void* memory, size_t bytes,
                                                         qrt_error* error);

/* Computes the outputs. Allocates nothing. Fails only with
 * - QRT_CANCELLED, when qrt_session_cancel was called meanwhile;
 * - QRT_OPERATOR_FAILED, when a custom operator did;
 * - QRT_INVALID_ARGUMENT, when for these shapes an axis has not the one element that the model says
 *   (Squeeze), or when a state that grows has no room for more: then state is as it was.
 * Then outputs hold anything, and state is that of the operators that had run: set, restore or
 * reset what the next run needs. Inputs are as they were. */
QRT_NODISCARD QRT_API qrt_status qrt_session_run(qrt_session* session, qrt_error* error);

/* From any thread: the run that is under way stops before its next operator. Without one, nothing
 * happens, and the next run is not affected. */
QRT_API void qrt_session_cancel(qrt_session* session);

/* ---- state ----------------------------------------------------------------------------------- */

/* State is what a model remembers from one run to the next: recurrent layers, variables. */

/* It starts again as in a new session. */
QRT_API void qrt_session_reset_state(qrt_session* session);

/* The bytes that saved state takes; 0 if the model has none. */
QRT_API size_t qrt_session_state_bytes(const qrt_session* session);

/* Saves state, and restores it in this or another session. `bytes` must be qrt_session_state_bytes;
 * any alignment. Restored is what a session with the same state (names, types, shapes, scales)
 * saved on a machine of the same byte order; anything else is refused with QRT_INVALID_ARGUMENT. */
QRT_NODISCARD QRT_API qrt_status qrt_session_save_state(const qrt_session* session, void* data,
                                                        size_t bytes, qrt_error* error);
QRT_NODISCARD QRT_API qrt_status qrt_session_restore_state(qrt_session* session, const void* data,
                                                           size_t bytes, qrt_error* error);

/* ---- what it costs --------------------------------------------------------------------------- */

typedef struct qrt_memory_info {
  size_t struct_size;      /* sizeof(qrt_memory_info) */
  size_t arena_bytes;      /* of this session: the next two, with padding, for its largest shapes */
  size_t activation_bytes; /* feature maps and scratch, which share memory where they can */
  size_t variable_bytes;   /* state */
  size_t scratch_bytes;    /* the most that one operator needs; part of activation_bytes */
  size_t weight_bytes;     /* constants in the model, mapped and shared */
  size_t packed_bytes;     /* weights packed for this CPU, shared by sessions if they can be */
  size_t beside_bytes;     /* what it holds beside the arena for the shapes that it remembers */
} qrt_memory_info;
QRT_NODISCARD QRT_API qrt_status qrt_session_memory(const qrt_session* session,
                                                    qrt_memory_info* info, qrt_error* error);

/* Whether runs measure the time of each operator, which costs a little. Switching on starts the
 * sums from zero. */
QRT_API void qrt_session_set_profiling(qrt_session* session, int32_t on);

typedef struct qrt_op_info {
  size_t struct_size; /* sizeof(qrt_op_info) */
  const char* name;   /* "" if it has none */
  const char* kind;   /* "Conv2D", ... */
  const char* kernel; /* what does the work; "" for an operator that only renames */
  uint64_t time_ns;   /* of `runs` runs in all, since profiling was switched on */
  uint64_t runs;
  uint32_t type; /* of the first output, as the shape */
  int32_t rank;
  int32_t dims[QRT_MAX_RANK];
} qrt_op_info;
/* Operators in the order of execution. */
QRT_API size_t qrt_session_op_count(const qrt_session* session);
QRT_NODISCARD QRT_API qrt_status qrt_session_op_info(const qrt_session* session, size_t index,
                                                     qrt_op_info* info, qrt_error* error);

#ifdef __cplusplus
}
#endif

#endif /* QRT_QRT_H_ */
