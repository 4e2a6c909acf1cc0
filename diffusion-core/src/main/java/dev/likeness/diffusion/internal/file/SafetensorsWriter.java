package dev.likeness.diffusion.internal.file;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.DType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Tensor;

/**
 * Writes safetensors files of any size, completely or not at all. Tensors are written one at a time
 * through a small buffer. A mapped file may be replaced; its readers keep the old content.
 *
 * <p>Like the reference writer, it sorts by element size, largest first, and then by name, so that
 * every tensor is aligned. The header is padded with spaces to a multiple of 8 bytes.
 */
public final class SafetensorsWriter {
  private static final JsonFactory JSON = new JsonFactory();
  private static final int CHUNK = 1 << 20;

  private SafetensorsWriter() {}

  /**
   * Writes {@code tensors}, on any device and with any strides, and {@code metadata}.
   *
   * @throws IllegalArgumentException if a tensor has a reserved name, or an element type that the
   *     format does not have
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the file cannot be written
   */
  public static void write(Path file, Map<String, Tensor> tensors, Map<String, String> metadata) {
    write(file, new TensorSource.MemoryTensors(tensors), metadata);
  }

  /**
   * Writes personal data, such as a trained person, to a file for its owner only; see
   * {@link AtomicFile#writePrivate}.
   */
  public static void writePrivate(
      Path file, Map<String, Tensor> tensors, Map<String, String> metadata) {
    writePrivate(file, new TensorSource.MemoryTensors(tensors), metadata);
  }

  /**
   * Writes every tensor of {@code source}, reading one at a time; see {@link #write(Path, Map,
   * Map)}.
   */
  public static void write(Path file, TensorSource source, Map<String, String> metadata) {
    AtomicFile.write(file, content(source, metadata));
  }

  /** Writes every tensor of {@code source} to a file that only its owner can read. */
  public static void writePrivate(Path file, TensorSource source, Map<String, String> metadata) {
    AtomicFile.writePrivate(file, content(source, metadata));
  }

  private static AtomicFile.Content content(TensorSource source, Map<String, String> metadata) {
    List<String> sorted = sorted(source);
    byte[] header = header(sorted, source, metadata);
    return out -> {
      out.write(ByteBuffer.allocate(Long.BYTES)
          .order(ByteOrder.LITTLE_ENDIAN)
          .putLong(header.length)
          .array());
      out.write(header);
      for (String name : sorted) {
        try (TensorScope scope = TensorScope.open()) {
          copy(source.read(name), out);
        }
      }
    };
  }

  private static List<String> sorted(TensorSource source) {
    Comparator<String> widestFirst =
        Comparator.comparingInt(name -> -source.dtype(name).bits());
    return source.names().stream()
        .sorted(widestFirst.thenComparing(Comparator.naturalOrder()))
        .toList();
  }

  private static byte[] header(
      List<String> sorted, TensorSource source, Map<String, String> metadata) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        writeMetadata(json, metadata);
      }
      long at = 0;
      for (String name : sorted) {
        at = writeEntry(json, name, source, at);
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "names or metadata cannot be written as JSON: " + e.getMessage(), e);
    }
    while (bytes.size() % Long.BYTES != 0) {
      bytes.write(' ');
    }
    if (bytes.size() > SafetensorsHeader.FORMAT_CAP) {
      throw new IllegalArgumentException(
          "the header would take " + bytes.size() + " bytes, but the format allows "
              + SafetensorsHeader.FORMAT_CAP + "; write fewer tensors or less metadata");
    }
    return bytes.toByteArray();
  }

  private static void writeMetadata(JsonGenerator json, Map<String, String> metadata)
      throws IOException {
    json.writeObjectFieldStart("__metadata__");
    for (Map.Entry<String, String> pair : new TreeMap<>(metadata).entrySet()) {
      json.writeStringField(pair.getKey(), pair.getValue());
    }
    json.writeEndObject();
  }

  private static long writeEntry(JsonGenerator json, String name, TensorSource source, long begin)
      throws IOException {
    if (name.equals("__metadata__")) {
      throw new IllegalArgumentException(
          "\"__metadata__\" is reserved by the format; give the tensor another name");
    }
    DType dtype = source.dtype(name);
    long[] shape = source.shape(name);
    long end = begin + source.elements(name) * (dtype.bits() / Byte.SIZE);
    json.writeObjectFieldStart(name);
    json.writeStringField("dtype", dtype.name());
    json.writeFieldName("shape");
    json.writeArray(shape, 0, shape.length);
    json.writeFieldName("data_offsets");
    json.writeArray(new long[] {begin, end}, 0, 2);
    json.writeEndObject();
    return end;
  }

  private static void copy(Tensor tensor, OutputStream out) throws IOException {
    try (TensorScope scope = TensorScope.open()) {
      Tensor whole = tensor.detach().cpu().contiguous();
      long length = whole.nbytes();
      byte[] chunk = new byte[(int) Math.min(CHUNK, length)];
      BytePointer bytes = new BytePointer(whole.data_ptr());
      for (long at = 0; at < length; at += chunk.length) {
        int count = (int) Math.min(chunk.length, length - at);
        bytes.position(at).get(chunk, 0, count);
        out.write(chunk, 0, count);
      }
    }
  }
}
