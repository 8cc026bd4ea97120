/* libqrt's C API: load a .qrt model, run it, read the results. C99; the ABI is stable within a
 * major version (structures that may grow begin with their own size).
 *
 *   model    a .qrt file, mapped and verified; never copied
 *   program  the model compiled for this CPU: kernels chosen, weights packed
 *   session  one running instance: its working memory and threads
 *
 * Every call that can fail returns a qrt_status, and fills `error`, if that is not NULL, with one
 * sentence. Nothing throws, prints or aborts. Handles may be freed in any order: what still needs a
 * model or a program keeps it alive.
 *
 * Threads: models and programs may be used from any threads at once. A session is used by one
 * thread at a time; several sessions of one program may run at once.
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

#ifdef __cplusplus
extern "C" {
#endif

typedef enum qrt_status {
  QRT_OK = 0,
  QRT_INVALID_ARGUMENT = 1, /* the caller's arguments */
  QRT_INVALID_MODEL = 2,    /* the model's bytes */
  QRT_UNSUPPORTED = 3,      /* valid, but not in this build or on this CPU */
  QRT_IO_ERROR = 4,
  QRT_OUT_OF_MEMORY = 5,
  QRT_CANCELLED = 6 /* by qrt_session_cancel */
} qrt_status;

/* Filled by calls that fail. `message` is one sentence without a full stop, cut if it is longer. */
typedef struct qrt_error {
  qrt_status status;
  char message[500];
} qrt_error;

typedef enum qrt_type {
  QRT_F32 = 0,
  QRT_F16 = 1,
  QRT_S8 = 2,
  QRT_U8 = 3,
  QRT_S16 = 4,
  QRT_S32 = 5,
  QRT_S64 = 6,
  QRT_BOOL = 7,
  QRT_S4 = 8
} qrt_type;

#define QRT_MAX_RANK 8

/* An input or output of a session. */
typedef struct qrt_tensor_info {
  const char* name; /* lives as long as the session */
  qrt_type type;
  int32_t rank;
  int32_t dims[QRT_MAX_RANK];
  size_t bytes;
  /* real = scale * (q - zero_point); scale 0 where the elements are the numbers themselves. */
  float scale;
  int32_t zero_point;
} qrt_tensor_info;

typedef struct qrt_model qrt_model;
typedef struct qrt_program qrt_program;
typedef struct qrt_session qrt_session;

/* "0.1.0" */
QRT_API const char* qrt_version(void);

/* ---- models ---------------------------------------------------------------------------------- */

/* Maps a .qrt file. The file must not change while the model is used. */
QRT_API qrt_status qrt_model_load_file(const char* path, qrt_model** model, qrt_error* error);

/* Uses `data` in place: it must be aligned to 16 bytes and outlive all use of the model. */
QRT_API qrt_status qrt_model_load_buffer(const void* data, size_t bytes, qrt_model** model,
                                         qrt_error* error);

QRT_API void qrt_model_free(qrt_model* model); /* NULL is allowed, as in every free below */

/* ---- programs -------------------------------------------------------------------------------- */

typedef struct qrt_program_options {
  size_t struct_size; /* sizeof(qrt_program_options) */
  /* "scalar", "avx2", ...: kernels of this instruction set and of those that it includes; NULL: the
   * environment variable QRT_ISA, or without it all that this CPU has. */
  const char* isa;
} qrt_program_options;

/* `options` may be NULL. */
QRT_API qrt_status qrt_program_create(const qrt_model* model, const qrt_program_options* options,
                                      qrt_program** program, qrt_error* error);
QRT_API void qrt_program_free(qrt_program* program);

/* ---- sessions -------------------------------------------------------------------------------- */

typedef struct qrt_session_options {
  size_t struct_size; /* sizeof(qrt_session_options) */
  int32_t threads;    /* 0 or 1: none beside the caller's */
  /* Working memory that the model may ask for, in bytes; 0: 1 GiB. A model is untrusted, and a
   * small file can ask for much. */
  size_t max_arena_bytes;
  /* A pthreadpool_t of the caller's, which outlives the session and overrides `threads`; or NULL.
   */
  void* thread_pool;
} qrt_session_options;

/* `options` may be NULL: one thread. Allocates everything that running will need. */
QRT_API qrt_status qrt_session_create(const qrt_program* program,
                                      const qrt_session_options* options, qrt_session** session,
                                      qrt_error* error);
QRT_API void qrt_session_free(qrt_session* session);

QRT_API size_t qrt_session_input_count(const qrt_session* session);
QRT_API size_t qrt_session_output_count(const qrt_session* session);
QRT_API qrt_status qrt_session_input_info(const qrt_session* session, size_t index,
                                          qrt_tensor_info* info, qrt_error* error);
QRT_API qrt_status qrt_session_output_info(const qrt_session* session, size_t index,
                                           qrt_tensor_info* info, qrt_error* error);

/* Where to write an input or read an output: `info.bytes` bytes, aligned to 64, fixed until the
 * session is resized. NULL if there is no such index. A run leaves inputs as they were. */
QRT_API void* qrt_session_input_data(qrt_session* session, size_t index);
QRT_API const void* qrt_session_output_data(const qrt_session* session, size_t index);

/* Copies elements of the tensor's own type; `bytes` must be its size. */
QRT_API qrt_status qrt_session_set_input(qrt_session* session, size_t index, const void* data,
                                         size_t bytes, qrt_error* error);
QRT_API qrt_status qrt_session_get_output(const qrt_session* session, size_t index, void* data,
                                          size_t bytes, qrt_error* error);

/* The same in real numbers: `count` floats are quantized for a quantized input (rounding half to
 * even, saturating), and a quantized output is turned into floats. f32, s8, u8 and s16 tensors. */
QRT_API qrt_status qrt_session_set_input_f32(qrt_session* session, size_t index, const float* data,
                                             size_t count, qrt_error* error);
QRT_API qrt_status qrt_session_get_output_f32(const qrt_session* session, size_t index, float* data,
                                              size_t count, qrt_error* error);

/* Gives an input another shape of the same rank and plans again; packed weights stay. Contents of
 * inputs and state are lost. On an error the session is as it was. */
QRT_API qrt_status qrt_session_resize_input(qrt_session* session, size_t index, const int32_t* dims,
                                            int32_t rank, qrt_error* error);

/* Several inputs at once, for shapes that fit only together: input indices[i] takes the
 * ranks[i] numbers at dims[i]. The rest is as for qrt_session_resize_input. */
QRT_API qrt_status qrt_session_resize_inputs(qrt_session* session, size_t count,
                                             const size_t* indices, const int32_t* const* dims,
                                             const int32_t* ranks, qrt_error* error);

/* Computes the outputs. Allocates nothing. Fails only with
 * - QRT_CANCELLED, when qrt_session_cancel was called meanwhile;
 * - QRT_INVALID_ARGUMENT, when `session` is NULL.
 * After a cancelled run outputs hold anything, and state is that of the operators that had run: set
 * or reset what the next run needs. Inputs are as they were. */
QRT_API qrt_status qrt_session_run(qrt_session* session, qrt_error* error);

/* From any thread: the run that is under way stops before its next operator. Without one, nothing
 * happens, and the next run is not affected. */
QRT_API void qrt_session_cancel(qrt_session* session);

/* State (of recurrent layers, for example) starts again from zero. */
QRT_API void qrt_session_reset_state(qrt_session* session);

typedef struct qrt_memory_info {
  size_t struct_size;  /* set by the caller: sizeof(qrt_memory_info) */
  size_t arena_bytes;  /* working memory of this session */
  size_t weight_bytes; /* constants in the model, shared and mapped */
  size_t packed_bytes; /* weights packed for this CPU, shared by sessions if they can be */
} qrt_memory_info;
QRT_API qrt_status qrt_session_memory(const qrt_session* session, qrt_memory_info* info,
                                      qrt_error* error);

#ifdef __cplusplus
}
#endif

#endif /* QRT_QRT_H_ */
