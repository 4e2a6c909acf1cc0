package dev.likeness.photos.internal.onnx;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.io.Sha256;
import dev.likeness.diffusion.internal.io.UninterruptibleIo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * An ONNX file that is checked before OpenCV parses it. {@link #read} checks the graph and the data
 * of every tensor. {@link #outputs} checks the operations, calculates the shape of every value, and
 * looks for damaged weights. Used by one thread.
 */
public final class OnnxFile {
  /** Multiplications per byte of the file that a network for one face may take. */
  public static final int FACE_WORK = 400;

  /** The same for a network whose weights are used at every pixel of an image. */
  public static final int IMAGE_WORK = 100_000;

  private static final double LEAST_WORK = 4e9;
  private static final int ELEMENTS_PER_BYTE = 4;
  private static final int INSPECTED_NODES = 8;
  private static final Set<String> SHIFTS = Set.of("Sub", "Add");
  private static final Set<String> FACTORS = Set.of("Mul", "Div");
  private static final long MAX_BYTES = 1L << 30;

  private final String source;
  private final byte[] file;
  private final OnnxGraph graph;
  private boolean finite;

  private OnnxFile(String source, byte[] file, OnnxGraph graph) {
    this.source = source;
    this.file = file;
    this.graph = graph;
  }

  /**
   * Reads a file of at most 1 GiB.
   *
   * @param label the name of the network in error messages
   * @throws InvalidInputException if it is not an ONNX file, or its graph or a tensor is damaged
   */
  public static OnnxFile read(Path path, String label) {
    String source = label + " " + path;
    try {
      if (Files.exists(path) && !Files.isRegularFile(path)) {
        throw new InvalidInputException(source + " is not a regular file; give an ONNX file");
      }
      if (Files.size(path) > MAX_BYTES) {
        throw new InvalidInputException(
            source + " is larger than 1 GiB; give an ONNX file of a face network");
      }
      byte[] file = UninterruptibleIo.read(path, Files::readAllBytes);
      ModelFile.requireNoStandIn(path, file);
      return new OnnxFile(source, file, OnnxGraph.read(new Message(file, 0, file.length), source));
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + source + ": " + Quoted.reason(e), e);
    } catch (IndexOutOfBoundsException e) {
      throw new InvalidInputException(source + " is not an ONNX file; give an ONNX file", e);
    }
  }

  /**
   * Returns the model for OpenCV: the bytes of the file, with f32 in place of f16 numbers, with
   * operations that OpenCV knows, and with a square image of {@code side} pixels if the file leaves
   * height or width open. External data is refused, so the bytes are the whole model.
   */
  public byte[] forOpenCv(int side) {
    boolean isOpen = graph.shape().subList(2, 4).contains(-1L);
    boolean isUnknown = graph.nodes().stream()
        .anyMatch(node -> node.operation().equals(OnnxForOpenCv.NORMALIZATION));
    return graph.half() || isOpen || isUnknown
        ? OnnxForOpenCv.of(new Message(file, 0, file.length), graph.image(), side)
        : file;
  }

  /** Returns the name of the file in error messages. */
  public String source() {
    return source;
  }

  /** Returns the checked graph. */
  public OnnxGraph graph() {
    return graph;
  }

  /** Returns the dimensions of the input; -1 for a dimension without a fixed size. */
  public List<Long> shape() {
    return graph.shape();
  }

  /**
   * Returns the side of a square image input (1 x 3 x side x side), or -1 if the input has another
   * shape, no fixed size, or a side above 2048.
   */
  public int inputSize() {
    List<Long> shape = shape();
    boolean square = shape.size() == 4
        && shape.get(1) == 3
        && shape.get(2).equals(shape.get(3))
        && shape.get(2) > 0
        && shape.get(2) <= OnnxShapes.MAX_SIDE;
    return square ? shape.get(2).intValue() : -1;
  }

  /**
   * Returns the shapes of the outputs, by name, for one image of {@code side} by {@code side}
   * pixels.
   *
   * @param workPerByte {@link #FACE_WORK} or {@link #IMAGE_WORK}
   * @throws InvalidInputException if an operation is unknown or does not fit its inputs, a weight
   *     is NaN or infinite, or the network takes more memory or work than a file of its size may
   */
  public Map<String, long[]> outputs(int side, int workPerByte) {
    Map<String, OnnxValue> values = values(side, workPerByte);
    Map<String, long[]> outputs = new LinkedHashMap<>();
    graph.outputs().forEach(name -> outputs.put(name, values.get(name).dims()));
    return outputs;
  }

  /**
   * Returns what is known of every value, by name, for one image of {@code side} by {@code side}
   * pixels.
   *
   * @param workPerByte {@link #FACE_WORK} or {@link #IMAGE_WORK}
   * @throws InvalidInputException as {@link #outputs} does
   */
  public Map<String, OnnxValue> values(int side, int workPerByte) {
    double work = LEAST_WORK + (double) workPerByte * file.length;
    long elements = OnnxShapes.MIN_ELEMENTS + (long) ELEMENTS_PER_BYTE * file.length;
    Map<String, OnnxValue> values = new OnnxShapes(graph, source, work, elements).values(side);
    if (!finite) {
      graph.requireFinite(source);
      finite = true;
    }
    return values;
  }

  /**
   * Returns true if the network scales pixel values itself. Such a network subtracts and multiplies
   * in its first eight operations (insightface,
   * python-package/insightface/model_zoo/arcface_onnx.py). Both must precede the first convolution,
   * because exported activations may contain them too. Operations on constants do not count.
   */
  public boolean hasInputScaling() {
    Set<String> images = new HashSet<>(Set.of(graph.image()));
    List<String> operations = new ArrayList<>();
    for (OnnxGraph.Node node : graph.nodes()) {
      boolean isOfImage = node.inputs().stream().anyMatch(images::contains);
      if (isOfImage && (operations.size() == INSPECTED_NODES || node.operation().equals("Conv"))) {
        break;
      }
      if (isOfImage) {
        images.addAll(node.outputs());
        operations.add(node.operation());
      }
    }
    return operations.stream().anyMatch(SHIFTS::contains)
        && operations.stream().anyMatch(FACTORS::contains);
  }

  /** Returns the first eight hexadecimal digits of the file's SHA-256. */
  public String fingerprint() {
    return HexFormat.of().formatHex(Sha256.of(file), 0, 4);
  }

  /**
   * A message in protobuf's wire format: fields are (number << 3 | kind), kind 0 is a varint, 1 has
   * eight bytes, 2 has a length, 5 has four bytes. What is not so is an
   * {@link IndexOutOfBoundsException}.
   */
  public record Message(byte[] bytes, int from, int to) {
    /** The most fields of one number; more are no network that is meant here. */
    static final int MAX_FIELDS = 1 << 14;

    private static final int LONGEST_TEXT = 1024;

    /**
     * One field.
     *
     * @param value the number of a varint
     * @param start where the field's tag is
     * @param from where its bytes are
     */
    record Field(int number, int kind, long value, int start, int from, int to) {}

    /** A walk over the fields. */
    private final class Walk {
      private int position = from;

      Field next() {
        if (position == to) {
          return null;
        }
        int start = position;
        long tag = varint();
        int kind = (int) (tag & 7);
        long value = kind == 0 || kind == 2 ? varint() : 0;
        long length = kind == 0 ? 0 : kind == 1 ? 8 : kind == 2 ? value : kind == 5 ? 4 : -1;
        if (length < 0 || length > to - position || tag >>> 3 == 0 || tag >>> 3 > 1 << 29) {
          throw new IndexOutOfBoundsException();
        }
        int bytes = position;
        position += (int) length;
        return new Field((int) (tag >>> 3), kind, value, start, bytes, position);
      }

      long varint() {
        long value = 0;
        for (int shift = 0; shift < 64 && position < to; shift += 7) {
          byte b = bytes[position++];
          value |= (long) (b & 127) << shift;
          if (b >= 0) {
            return value;
          }
        }
        throw new IndexOutOfBoundsException();
      }
    }

    /** All fields in their order. */
    List<Field> fields() {
      List<Field> all = new ArrayList<>();
      Walk walk = new Walk();
      for (Field field = walk.next(); field != null; field = walk.next()) {
        all.add(field);
      }
      return all;
    }

    private List<Field> fields(int number) {
      List<Field> found = new ArrayList<>();
      Walk walk = new Walk();
      for (Field field = walk.next(); field != null; field = walk.next()) {
        if (field.number() == number) {
          found.add(field);
        }
        if (found.size() > MAX_FIELDS) {
          throw new IndexOutOfBoundsException();
        }
      }
      return found;
    }

    boolean has(int number) {
      return !fields(number).isEmpty();
    }

    /** Where the bytes of a field are, which is there once at most; null if it is absent. */
    Message message(int number) {
      List<Message> all = messages(number);
      if (all.size() > 1) {
        throw new IndexOutOfBoundsException();
      }
      return all.isEmpty() ? null : all.get(0);
    }

    List<Message> messages(int number) {
      return fields(number).stream()
          .map(field -> {
            if (field.kind() != 2) {
              throw new IndexOutOfBoundsException();
            }
            return new Message(bytes, field.from(), field.to());
          })
          .toList();
    }

    /** The text of a field that is there once at most; empty if it is absent. */
    String text(int number) {
      Message text = message(number);
      return text == null ? "" : text.text();
    }

    List<String> texts(int number) {
      return messages(number).stream().map(Message::text).toList();
    }

    private String text() {
      String text = new String(bytes, from, to - from, StandardCharsets.UTF_8);
      // OpenCV prints names as they are.
      boolean printable = text.chars().noneMatch(c -> Character.isISOControl(c) || c == 0xFFFD);
      if (!printable || to - from > LONGEST_TEXT) {
        throw new IndexOutOfBoundsException();
      }
      return text;
    }

    /** The whole number in a field that is there once at most. */
    long number(int field, long fallback) {
      List<Field> found = fields(field);
      if (found.size() > 1 || !found.isEmpty() && found.get(0).kind() != 0) {
        throw new IndexOutOfBoundsException();
      }
      return found.isEmpty() ? fallback : found.get(0).value();
    }

    /** How many numbers a field has, packed or not, of four or eight bytes or varints (0). */
    int count(int field, int width) {
      return numbers(field, width, new double[0]);
    }

    /** Fills {@code out} with the first numbers of a field and returns how many it has. */
    int numbers(int field, int width, double[] out) {
      ByteBuffer little = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
      int count = 0;
      for (Field one : fields(field)) {
        if (one.kind() == 0 && width == 0) {
          put(out, count++, one.value());
          continue;
        }
        boolean fits = one.kind() == 2 || one.kind() == (width == 4 ? 5 : 1) && width > 0;
        if (!fits || width > 0 && (one.to() - one.from()) % width != 0) {
          throw new IndexOutOfBoundsException();
        }
        Walk walk = new Message(bytes, one.from(), one.to()).new Walk();
        while (walk.position < one.to()) {
          if (width == 0) {
            put(out, count++, walk.varint());
          } else {
            put(
                out,
                count++,
                width == 4 ? little.getFloat(walk.position) : little.getDouble(walk.position));
            walk.position += width;
          }
        }
      }
      return count;
    }

    private static void put(double[] out, int at, double value) {
      if (at < out.length) {
        out[at] = value;
      }
    }
  }
}
