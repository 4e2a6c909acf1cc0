package dev.likeness.diffusion.golden;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;

/**
 * A safetensors file as {@code tools/goldens/pack.py} keeps it, which says how it lies there.
 *
 * @param elsewhere by file the tensors that it has too, and their names in it
 * @param header the header of the whole file, with its length
 * @param tensors in the order of the whole file; null for those elsewhere
 */
record PackedTensors(Map<String, Object> elsewhere, byte[] header, Map<String, byte[]> tensors) {
  static final String ENDING = ".packed";
  private static final String ROOT = "/golden/";
  private static final int WORD = Float.BYTES;

  /** The file {@code resource} as it was before it was packed. */
  static byte[] whole(String resource) throws IOException {
    PackedTensors packed = read(resource);
    for (Map.Entry<String, Object> other : packed.elsewhere.entrySet()) {
      Map<String, byte[]> theirs = read(ROOT + other.getKey()).tensors;
      ((Map<?, ?>) other.getValue())
          .forEach((name, there) -> packed.tensors.put((String) name, theirs.get(there)));
    }
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.writeBytes(packed.header);
    packed.tensors.values().forEach(whole::writeBytes);
    return whole.toByteArray();
  }

  private static PackedTensors read(String resource) throws IOException {
    try (InputStream in =
        new GZIPInputStream(PackedTensors.class.getResourceAsStream(resource + ENDING))) {
      ByteBuffer packed = ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
      Map<String, Object> elsewhere = json(packed);
      Set<?> missing = elsewhere.values().stream()
          .flatMap(names -> ((Map<?, ?>) names).keySet().stream())
          .collect(Collectors.toSet());
      int begin = packed.position();
      Map<String, Object> entries = json(packed);
      entries.remove("__metadata__");
      byte[] header = bytes(packed.duplicate().position(begin), packed.position() - begin);
      ByteBuffer data = interleaved(packed.slice());
      Map<String, byte[]> tensors = new LinkedHashMap<>();
      entries.forEach((name, entry) ->
          tensors.put(name, missing.contains(name) ? null : bytes(data, length(entry))));
      return new PackedTensors(elsewhere, header, tensors);
    }
  }

  private static Map<String, Object> json(ByteBuffer from) throws IOException {
    return JSON.std.mapFrom(bytes(from, (int) from.getLong()));
  }

  private static byte[] bytes(ByteBuffer from, int length) {
    byte[] bytes = new byte[length];
    from.get(bytes);
    return bytes;
  }

  private static int length(Object entry) {
    List<?> offsets = (List<?>) ((Map<?, ?>) entry).get("data_offsets");
    return (Integer) offsets.get(1) - (Integer) offsets.get(0);
  }

  /** In {@code planes} the first bytes of all words lie before all second ones. */
  private static ByteBuffer interleaved(ByteBuffer planes) {
    int words = planes.limit() / WORD;
    ByteBuffer data = ByteBuffer.allocate(planes.limit());
    for (int i = 0; i < planes.limit(); i++) {
      data.put(planes.get(i % WORD * words + i / WORD));
    }
    return data.flip();
  }
}
