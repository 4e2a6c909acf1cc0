package dev.likeness.photos.internal.onnx;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.io.UninterruptibleIo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * The input shape and first operations of an ONNX file, read from the protobuf (onnx.proto:
 * ModelProto.graph = 7, GraphProto.input = 11, ValueInfoProto.type = 2, TypeProto.tensor_type = 1,
 * Tensor.shape = 2, dim = 1, dim_value = 1; GraphProto.node = 1, NodeProto.op_type = 4). OpenCV
 * itself reports a wrong input size only by an exception during inference.
 *
 * @param file the bytes of the file; external data files are never read
 * @param shape dimensions of the first input; -1 for a dimension without a fixed size
 */
public record OnnxFile(byte[] file, List<Long> shape) {
  private static final int[] SHAPE_PATH = {7, 11, 2, 1, 2};
  private static final int GRAPH = 7;
  private static final int NODE = 1;
  private static final int OPERATION = 4;
  private static final int INSPECTED_NODES = 8;
  private static final List<String> SCALING_OPERATIONS = List.of("Sub", "Mul");
  private static final long MAX_BYTES = 1L << 30;

  /** Reads a file of at most 1 GiB. Error messages call it {@code label}. */
  public static OnnxFile read(Path path, String label) {
    try {
      if (Files.size(path) > MAX_BYTES) {
        throw new InvalidInputException(
            label + " " + path + " is larger than 1 GiB; give an ONNX file of a face network");
      }
      byte[] file = UninterruptibleIo.read(path, Files::readAllBytes);
      return new OnnxFile(file, new Reader(file).shape());
    } catch (IOException e) {
      throw new InvalidInputException(
          "cannot read " + label + " " + path + ": " + e.getMessage(), e);
    } catch (IndexOutOfBoundsException | ArithmeticException e) {
      throw new InvalidInputException(
          label + " " + path + " is not an ONNX file; give an ONNX file", e);
    }
  }

  /**
   * Returns the side of a square image input (1 x 3 x side x side), or -1 if the input has another
   * shape or no fixed size.
   */
  public int inputSize() {
    boolean square = shape.size() == 4
        && shape.get(1) == 3
        && shape.get(2).equals(shape.get(3))
        && shape.get(2) > 0;
    return square ? Math.toIntExact(shape.get(2)) : -1;
  }

  /**
   * Returns true if the network scales pixel values itself. Such a network has Sub and Mul among
   * its first eight operations (insightface, python-package/insightface/model_zoo/arcface_onnx.py).
   * Both must precede the first convolution, because exported activations may contain them too.
   */
  public boolean hasInputScaling() {
    return new Reader(file)
        .operationTypes(INSPECTED_NODES).stream()
            .takeWhile(name -> !name.equals("Conv"))
            .toList()
            .containsAll(SCALING_OPERATIONS);
  }

  /** Returns the first eight hexadecimal digits of the file's SHA-256. */
  public String fingerprint() {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(file), 0, 4);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  // Reads protobuf's wire format: a field starts with (number << 3 | kind), and kind 2 is
  // length-delimited.
  private static final class Reader {
    private final byte[] bytes;
    private int position;

    Reader(byte[] bytes) {
      this.bytes = bytes;
    }

    List<Long> shape() {
      int end = bytes.length;
      for (int field : SHAPE_PATH) {
        end = enter(field, end);
      }
      List<Long> dims = new ArrayList<>();
      while (position < end) {
        long tag = readVarint();
        int length = Math.toIntExact(readVarint());
        int next = position + length;
        if (tag != (1 << 3 | 2) || length < 0 || next > end) {
          throw new IndexOutOfBoundsException();
        }
        dims.add(readDim(next));
        position = next;
      }
      return dims;
    }

    List<String> operationTypes(int count) {
      int end = enter(GRAPH, bytes.length);
      List<String> names = new ArrayList<>();
      for (int node = find(NODE, end); node >= 0 && names.size() < count; node = find(NODE, end)) {
        int length = find(OPERATION, node);
        if (length >= 0) {
          names.add(new String(bytes, position, length - position, StandardCharsets.UTF_8));
        }
        position = node;
      }
      return names;
    }

    private long readDim(int end) {
      return position < end && readVarint() == 1 << 3 ? readVarint() : -1;
    }

    // Moves to the content of the next such field and returns the position of its end.
    private int enter(int field, int end) {
      int found = find(field, end);
      if (found < 0) {
        throw new IndexOutOfBoundsException();
      }
      return found;
    }

    // As enter, but returns -1 if there is no such field.
    private int find(int field, int end) {
      while (position < end) {
        long tag = readVarint();
        int kind = (int) (tag & 7);
        int length =
            switch (kind) {
              case 0 -> {
                readVarint();
                yield 0;
              }
              case 1 -> 8;
              case 2 -> Math.toIntExact(readVarint());
              case 5 -> 4;
              default -> throw new IndexOutOfBoundsException();
            };
        if (length < 0 || length > end - position) {
          throw new IndexOutOfBoundsException();
        }
        if (kind == 2 && tag >>> 3 == field) {
          return position + length;
        }
        position += length;
      }
      return -1;
    }

    private long readVarint() {
      long value = 0;
      for (int shift = 0; shift < 64; shift += 7) {
        byte b = bytes[position++];
        value |= (long) (b & 127) << shift;
        if (b >= 0) {
          return value;
        }
      }
      throw new ArithmeticException();
    }
  }
}
