#define ZLIB_CONST
#include "base/zip.h"

#include "base/map.h"
#include "base/utf8.h"
#include <minizip/unzip.h>
#include <zlib.h>

enum { NAME_MAX_BYTES = 255, GZIP_HEAD = 10, GZIP_TAIL = 8, STORED = 0, IS_SECRET = 1, SPARED_MIN = 64 };

/* --- minizip over bytes --- */

static void *bytes_open(void *opaque, const void *name, int mode) {
  (void)name;
  (void)mode;
  return opaque;
}

static uLong bytes_read(void *opaque, void *stream, void *into, uLong n) {
  struct zip_bytes *from = stream;
  (void)opaque;
  size_t left = from->bytes.n - from->at;
  if (n > left) n = left;
  if (n) memcpy(into, from->bytes.p + from->at, n);
  from->at += n;
  return n;
}

static uLong bytes_write(void *opaque, void *stream, const void *from, uLong n) {
  (void)opaque;
  (void)stream;
  (void)from;
  (void)n;
  return 0;
}

static ZPOS64_T bytes_tell(void *opaque, void *stream) {
  (void)opaque;
  return ((struct zip_bytes *)stream)->at;
}

static long bytes_seek(void *opaque, void *stream, ZPOS64_T offset, int origin) {
  struct zip_bytes *from = stream;
  (void)opaque;
  size_t base = origin == ZLIB_FILEFUNC_SEEK_SET ? 0 : origin == ZLIB_FILEFUNC_SEEK_END ? from->bytes.n : from->at;
  if (offset > from->bytes.n - base) return -1;
  from->at = base + (size_t)offset;
  return 0;
}

static int bytes_close(void *opaque, void *stream) {
  (void)opaque;
  (void)stream;
  return 0;
}

void *zip_open(struct zip_bytes *from) {
  zlib_filefunc64_def functions = {bytes_open, bytes_read, bytes_write, bytes_tell, bytes_seek, bytes_close, bytes_close, from};
  from->at = 0;
  return from->bytes.n ? unzOpen2_64("", &functions) : NULL;
}

/* --- one file after the other --- */

struct unpacking {
  struct arena *arena;
  struct zip_bytes from;
  unzFile zip;
  struct zip_limits limits;
  struct zip_file *files;
  size_t count, unpacked, packed;
  struct map seen;
  struct error *error;
};

static bool is_path(struct str name) {
  if (!utf8_valid(name) || str_find_control(name, 0) != SIZE_MAX) return false;
  for (struct str rest = name; rest.p;) {
    struct str segment = str_take(&rest, '/');
    if (!segment.n || str_eq(segment, STR(".")) || str_eq(segment, STR(".."))) return false;
    if (str_find_char(segment, '\\') != SIZE_MAX || str_find_char(segment, ':') != SIZE_MAX) return false;
  }
  return true;
}

static int broken(struct unpacking *u, struct str name, const char *how) {
  return error_set(u->error, ERROR_input, "the archive's file '%.*s' %s", STR_ARG(str_slice(name, 0, 100)), how);
}

/* As deflate has it: all of the packed bytes, and no more or less than the length that was told. */
static bool inflate_whole(struct str packed, char *into, size_t n) {
  Bytef nothing;
  z_stream stream = {
      .next_in = (const Bytef *)packed.p, .avail_in = (uInt)packed.n, .next_out = n ? (Bytef *)into : &nothing, .avail_out = (uInt)n};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return false;
  bool whole = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0 && stream.total_out == n;
  (void)inflateEnd(&stream);
  return whole;
}

static void put_number(char *at, uint32_t number) {
  for (int i = 0; i < 4; i++, number >>= 8) at[i] = (char)(number & 0xff);
}

/* The packed bytes of an archive are those of gzip: only what stands around them differs. */
static struct str as_gzip(struct arena *arena, struct str packed, uint32_t sum, size_t n) {
  static const char head[GZIP_HEAD] = {0x1f, (char)0x8b, 8, 0, 0, 0, 0, 0, 0, (char)0xff};
  char *at = arena_alloc(arena, GZIP_HEAD + packed.n + GZIP_TAIL);
  memcpy(at, head, GZIP_HEAD);
  if (packed.n) memcpy(at + GZIP_HEAD, packed.p, packed.n);
  put_number(at + GZIP_HEAD + packed.n, sum);
  put_number(at + GZIP_HEAD + packed.n + 4, (uint32_t)n);
  return (struct str){at, GZIP_HEAD + packed.n + GZIP_TAIL};
}

static int read_packed(struct unpacking *u, struct str name, size_t n, struct str *ret, int *ret_method) {
  int level;
  if (unzOpenCurrentFile2(u->zip, ret_method, &level, 1) != UNZ_OK) return broken(u, name, "cannot be read");
  char *into = arena_alloc(u->arena, n + 1);
  int got = unzReadCurrentFile(u->zip, into, (unsigned)n + 1); /* one more than there should be */
  (void)unzCloseCurrentFile(u->zip);
  *ret = (struct str){into, n};
  return got == (int)n ? 0 : broken(u, name, "is cut");
}

static int take_file(struct unpacking *u, struct str name, const unz_file_info64 *info) {
  int method = STORED;
  struct str packed;
  if (info->flag & IS_SECRET) return broken(u, name, "has a password");
  if (info->compression_method != STORED && info->compression_method != Z_DEFLATED)
    return broken(u, name, "is packed in another way than deflate");
  if (info->compressed_size > u->from.bytes.n - u->packed) return broken(u, name, "lies over another one, or beyond the end");
  if (info->uncompressed_size > u->limits.unpacked - u->unpacked)
    return error_set(u->error, ERROR_input, "the archive unpacks to more than %zu bytes", u->limits.unpacked);
  size_t n = (size_t)info->uncompressed_size;
  u->unpacked += n;
  u->packed += (size_t)info->compressed_size;
  if (read_packed(u, name, (size_t)info->compressed_size, &packed, &method)) return -1;
  struct zip_file *file = &u->files[u->count++];
  *file = (struct zip_file){.name = name, .bytes = packed};
  if (method == Z_DEFLATED) {
    char *into = arena_alloc(u->arena, n + 1);
    if (!inflate_whole(packed, into, n)) return broken(u, name, "cannot be unpacked");
    file->bytes = (struct str){into, n};
    if (packed.n + SPARED_MIN < n) file->gzip = as_gzip(u->arena, packed, (uint32_t)info->crc, n);
  } else if (packed.n != n) {
    return broken(u, name, "has another length than it says");
  }
  return crc32_z(0, (const Bytef *)file->bytes.p, file->bytes.n) == info->crc ? 0 : broken(u, name, "has another sum than it says");
}

static int take_entry(struct unpacking *u) {
  char text[NAME_MAX_BYTES + 1];
  unz_file_info64 info;
  if (unzGetCurrentFileInfo64(u->zip, &info, text, sizeof text, NULL, 0, NULL, 0) != UNZ_OK)
    return error_set(u->error, ERROR_input, "the archive's list of files is broken");
  if (info.size_filename > NAME_MAX_BYTES)
    return error_set(u->error, ERROR_input, "the archive has a file whose name is longer than %d bytes", NAME_MAX_BYTES);
  struct str name = {text, info.size_filename};
  bool folder = str_ends(name, STR("/"));
  if (!is_path(folder ? str_slice(name, 0, name.n - 1) : name)) return broken(u, name, "has a name that is no path within it");
  if (folder) return 0;
  name = arena_str(u->arena, name);
  if (map_put(&u->seen, name, u)) return broken(u, name, "is there twice");
  return take_file(u, name, &info);
}

static int take_all(struct unpacking *u, size_t entries) {
  int at = unzGoToFirstFile(u->zip);
  for (size_t i = 0; i < entries; i++) {
    if (at != UNZ_OK) return error_set(u->error, ERROR_input, "the archive's list of files is cut");
    if (take_entry(u)) return -1;
    at = unzGoToNextFile(u->zip);
  }
  return 0;
}

int zip_unpack(struct arena *arena, struct str bytes, struct zip_limits limits, struct zip_file **ret, size_t *ret_count,
               struct error *error) {
  struct unpacking u = {.arena = arena, .from = {.bytes = bytes}, .limits = limits, .error = error};
  unz_global_info64 info;
  u.zip = zip_open(&u.from);
  int result = -1;
  if (!u.zip || unzGetGlobalInfo64(u.zip, &info) != UNZ_OK) {
    (void)error_set(error, ERROR_input, "this is no archive (.zip)");
  } else if (info.number_entry > limits.files) {
    (void)error_set(error, ERROR_input, "the archive has more than %zu files", limits.files);
  } else {
    u.files = ARENA_ARRAY(arena, info.number_entry, struct zip_file);
    result = take_all(&u, info.number_entry);
  }
  if (u.zip) (void)unzClose(u.zip);
  map_free(&u.seen);
  *ret = u.files;
  *ret_count = u.count;
  return result;
}
