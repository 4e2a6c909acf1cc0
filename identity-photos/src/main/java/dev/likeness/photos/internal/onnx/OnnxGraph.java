package dev.likeness.photos.internal.onnx;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.photos.internal.onnx.OnnxFile.Message;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * The graph of an ONNX file, parsed strictly (onnx.proto of onnx/onnx). The input of a node must be
 * the image, an initialiser or the output of an earlier node. The data of a tensor must have the
 * size of its shape and must lie in the file.
 *
 * @param nodes in the order in which they run
 * @param constants the initialisers by name
 * @param image the name of the image
 * @param shape the declared dimensions of the image, -1 where the file leaves one open
 * @param outputs the names of the outputs
 * @param half whether the file has f16 numbers
 */
public record OnnxGraph(
    List<Node> nodes,
    Map<String, Constant> constants,
    String image,
    List<Long> shape,
    List<String> outputs,
    boolean half) {
  static final int FLOAT = 1;
  static final int HALF = 10;
  // From this opset on, a Reshape has its shape as an input; before, as an attribute.
  private static final int RESHAPE_BY_INPUT = 5;
  private static final int MAX_NODES = 8192;
  private static final int MAX_DIMS = 8;
  private static final int MAX_OPTION = 1024;
  private static final int MAX_KNOWN = 256;
  private static final int RAW = 9;
  private static final List<String> NAMES = List.of(
      "undefined",
      "f32",
      "uint8",
      "int8",
      "uint16",
      "int16",
      "int32",
      "int64",
      "string",
      "bool",
      "f16",
      "f64",
      "uint32",
      "uint64",
      "complex64",
      "complex128",
      "bf16",
      "float8e4m3fn",
      "float8e4m3fnuz",
      "float8e5m2",
      "float8e5m2fnuz",
      "uint4",
      "int4",
      "float4e2m1");
  /** Advice for numbers of other types. */
  static final String IN_F32 = "export it in f32";

  // Operations that take bounds and fillings, which may be infinite.
  private static final Set<String> BOUNDED = Set.of("Clip", "Max", "Min", "Pad");

  // By data type: the bytes of an element, and the field of data that is not raw.
  private static final Map<Integer, int[]> TYPES = Map.of(
      FLOAT,
      new int[] {4, 4},
      2,
      new int[] {1, 5},
      3,
      new int[] {1, 5},
      6,
      new int[] {4, 5},
      7,
      new int[] {8, 7},
      9,
      new int[] {1, 5},
      HALF,
      new int[] {2, 5},
      11,
      new int[] {8, 10});
  // The fields of data that is not raw, with the bytes of an element, 0 for varints.
  private static final Map<Integer, Integer> VALUES = Map.of(4, 4, 5, 0, 7, 0, 10, 8, 11, 0);
  private static final Set<Integer> REAL_TYPES = Set.of(FLOAT, HALF, 11);

  /** One operation. Empty names stand for optional inputs that are not given. */
  public record Node(
      String operation,
      String name,
      List<String> inputs,
      List<String> outputs,
      Map<String, Option> options) {
    private boolean isHalf() {
      return options.values().stream()
          .anyMatch(option -> option.constant() == null
              ? operation.equals("Cast") && option.kind() == 'i' && option.numbers()[0] == HALF
              : option.constant().isHalf());
    }

    @Override
    public String toString() {
      return operation + " " + Quoted.of(name.isEmpty() ? outputs.get(0) : name);
    }
  }

  /**
   * An attribute of a node.
   *
   * @param kind i for an integer, f for a float, n for a list of integers, v for a list of floats,
   *     s for a string, t for a tensor
   */
  public record Option(char kind, double[] numbers, String text, Constant constant) {}

  /**
   * A constant tensor.
   *
   * @param real whether its elements are floating-point numbers
   * @param known its elements if they are few, or null
   * @param data the tensor in the file
   */
  public record Constant(String name, long[] dims, boolean real, double[] known, Message data) {
    private boolean isHalf() {
      return data.number(2, 0) == HALF;
    }

    /** Returns all elements of a floating-point tensor as f32; empty if they are integers. */
    public Optional<float[]> floats() {
      if (!real) {
        return Optional.empty();
      }
      float[] all = new float[(int) total(dims)];
      int[] at = {0};
      reals().forEachOrdered(value -> all[at[0]++] = (float) value);
      return Optional.of(all);
    }

    /** The elements of a tensor of f16 numbers in their order. */
    static DoubleStream halves(Message tensor) {
      Message raw = tensor.message(RAW);
      boolean isRaw = raw != null && raw.to() > raw.from();
      int count = isRaw ? (raw.to() - raw.from()) / Short.BYTES : tensor.count(5, 0);
      return new Constant("", new long[] {count}, true, null, tensor).reals();
    }

    /** The elements of a floating-point tensor in their order. */
    private DoubleStream reals() {
      int type = (int) data.number(2, 0);
      int count = (int) total(dims);
      Message raw = data.message(RAW);
      if (raw == null || raw.to() == raw.from()) {
        double[] numbers = new double[count];
        int field = TYPES.get(type)[1];
        data.numbers(field, VALUES.get(field), numbers);
        return type == HALF
            ? Arrays.stream(numbers).map(bits -> half((int) bits))
            : Arrays.stream(numbers);
      }
      ByteBuffer in = ByteBuffer.wrap(raw.bytes(), raw.from(), raw.to() - raw.from())
          .slice()
          .order(ByteOrder.LITTLE_ENDIAN);
      IntStream places = IntStream.range(0, count);
      return switch (type) {
        case FLOAT -> places.mapToDouble(i -> in.getFloat(i * Float.BYTES));
        case HALF -> places.mapToDouble(i -> half(in.getShort(i * Short.BYTES)));
        default -> places.mapToDouble(i -> in.getDouble(i * Double.BYTES));
      };
    }

    /** The value of an IEEE 754 half-precision number. */
    private static double half(int bits) {
      int exponent = bits >> 10 & 31;
      int fraction = bits & 1023;
      double value = exponent == 31
          ? fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN
          : exponent == 0
              ? Math.scalb((double) fraction, -24)
              : Math.scalb(1024.0 + fraction, exponent - 25);
      return (bits & 1 << 15) == 0 ? value : -value;
    }
  }

  /**
   * Refuses tensors and attributes with NaN, and infinite ones that are no bounds.
   *
   * @throws InvalidInputException naming the tensor or attribute
   */
  void requireFinite(String source) {
    Map<String, Constant> tensors = new LinkedHashMap<>(constants);
    Set<String> others = new HashSet<>();
    for (Node node : nodes) {
      boolean isBounded = BOUNDED.contains(node.operation());
      if (!isBounded) {
        others.addAll(node.inputs());
      }
      node.options().forEach((name, option) -> {
        require(
            Arrays.stream(option.numbers()).noneMatch(value -> isDamaged(value, isBounded)),
            source,
            "has an attribute " + Quoted.of(name) + " of the node " + node
                + " that is NaN or infinite");
        if (option.constant() != null) {
          tensors.put(node.outputs().get(0), option.constant());
        }
      });
    }
    tensors.forEach((name, tensor) -> require(
        !tensor.real()
            || tensor.reals().noneMatch(value -> isDamaged(value, !others.contains(name))),
        source,
        "has a tensor " + Quoted.of(name) + " with values that are NaN or infinite"));
  }

  private static boolean isDamaged(double value, boolean infinite) {
    return Double.isNaN(value) || !infinite && Double.isInfinite(value);
  }

  /** Parses the graph of a model; {@code source} names the file in errors. */
  static OnnxGraph read(Message model, String source) {
    Message graph = model.message(7);
    if (graph == null) {
      throw new IndexOutOfBoundsException();
    }
    require(!model.has(25), source, "defines functions, which are not supported");
    OnnxGraph read = new Reader(source).graph(graph);
    long opset = model.messages(8).stream()
        .filter(set -> set.text(1).isEmpty() || set.text(1).equals("ai.onnx"))
        .mapToLong(set -> set.number(2, 1))
        .max()
        .orElse(1);
    for (Node node : read.nodes()) {
      boolean fits = !node.operation().equals("Reshape")
          || node.inputs().size() == (opset < RESHAPE_BY_INPUT ? 1 : 2);
      require(
          fits,
          source,
          "node " + node + " has " + node.inputs().size() + " inputs, which does not fit opset "
              + opset);
    }
    return read;
  }

  static void require(boolean condition, String source, String fault) {
    require(condition, source, fault, "download the file again, or export it with other settings");
  }

  static void require(boolean condition, String source, String fault, String advice) {
    if (!condition) {
      throw new InvalidInputException(source + " " + fault + "; " + advice);
    }
  }

  /** The name of a data type with its number (TensorProto.DataType). */
  static String typeName(int type) {
    return type > 0 && type < NAMES.size() ? NAMES.get(type) + " (" + type + ")" : "" + type;
  }

  /** The number of elements, at most 2^40. */
  static long total(long... dims) {
    long total = 1;
    for (long dim : dims) {
      total = dim > 0 && total > (1L << 40) / dim ? 1L << 40 : total * dim;
    }
    return total;
  }

  private record Reader(String source) {
    private void check(boolean condition, String fault) {
      require(condition, source, fault);
    }

    OnnxGraph graph(Message graph) {
      List<Message> found = graph.messages(1);
      List<Message> initializers = graph.messages(5);
      check(
          Math.max(found.size(), initializers.size()) <= MAX_NODES,
          "has more than " + MAX_NODES + " nodes or initialisers");
      check(!graph.has(15), "has sparse initialisers");
      Map<String, Constant> constants = new LinkedHashMap<>();
      for (Message one : initializers) {
        Constant constant = constant(one);
        check(
            constants.put(constant.name(), constant) == null,
            "has two initialisers " + Quoted.of(constant.name()));
      }
      List<Message> images = new ArrayList<>();
      for (Message input : graph.messages(11)) {
        Constant constant = constants.get(input.text(1));
        if (constant == null) {
          images.add(input);
        } else {
          List<Long> declared = shape(input, false);
          check(
              declared.isEmpty() || Arrays.equals(longs(declared), constant.dims()),
              "declares initialiser " + Quoted.of(constant.name()) + " as " + declared
                  + ", but its shape is " + Arrays.toString(constant.dims()));
        }
      }
      check(images.size() == 1, "has " + images.size() + " inputs, expected one image input");
      List<String> outputs =
          graph.messages(12).stream().map(output -> output.text(1)).toList();
      check(!outputs.isEmpty(), "has no output");
      List<Node> nodes = found.stream().map(this::node).toList();
      String image = images.get(0).text(1);
      List<Long> shape = shape(images.get(0), true);
      checkOrder(nodes, constants.keySet(), image, outputs);
      boolean isHalf = type(images.get(0)).number(1, 0) == HALF
          || constants.values().stream().anyMatch(Constant::isHalf)
          || nodes.stream().anyMatch(Node::isHalf);
      return new OnnxGraph(nodes, constants, image, shape, outputs, isHalf);
    }

    private void checkOrder(
        List<Node> nodes, Set<String> constants, String image, List<String> outputs) {
      Set<String> given = new HashSet<>(constants);
      check(!image.isEmpty() && given.add(image), "has an input without a name of its own");
      for (Node node : nodes) {
        for (String name : node.inputs()) {
          if (!name.isEmpty() && !given.contains(name)) {
            check(
                false,
                "has a node " + node + " with an input " + Quoted.of(name)
                    + " that no earlier node computes");
          }
        }
        for (String name : node.outputs()) {
          if (!name.isEmpty() && !given.add(name)) {
            check(false, "has two values named " + Quoted.of(name));
          }
        }
      }
      for (String name : outputs) {
        check(given.contains(name), "has an output " + Quoted.of(name) + " that no node computes");
      }
    }

    private Message type(Message input) {
      Message type = input.message(2);
      Message tensor = type == null ? null : type.message(1);
      check(tensor != null, "has an input " + Quoted.of(input.text(1)) + " that is not a tensor");
      return tensor;
    }

    // The declared dimensions of an input; empty if none are declared.
    private List<Long> shape(Message input, boolean isImage) {
      Message tensor = type(input);
      int type = (int) tensor.number(1, 0);
      require(
          !isImage || type == FLOAT || type == HALF,
          source,
          "has an input " + Quoted.of(input.text(1)) + " of " + typeName(type)
              + " numbers, expected f32 or f16",
          IN_F32);
      Message shape = tensor.message(2);
      List<Message> dims = shape == null ? List.of() : shape.messages(1);
      check(dims.size() <= MAX_DIMS, "has an input of more than " + MAX_DIMS + " dimensions");
      return dims.stream().map(dim -> Math.max(-1, dim.number(1, -1))).toList();
    }

    private Node node(Message in) {
      List<String> outputs = in.texts(2);
      String operation = in.text(4);
      String domain = in.text(7);
      check(!outputs.isEmpty(), "has a node " + Quoted.of(operation) + " without outputs");
      check(
          domain.isEmpty() || domain.equals("ai.onnx"),
          "uses the operation " + Quoted.of(operation) + " of " + Quoted.of(domain)
              + ", which is not supported");
      Map<String, Option> options = new LinkedHashMap<>();
      for (Message one : in.messages(5)) {
        Option option = option(one);
        check(
            option != null && options.put(one.text(1), option) == null,
            "has an attribute " + Quoted.of(one.text(1)) + " of " + Quoted.of(operation)
                + " that is not one number, text, tensor or list");
      }
      return new Node(operation, in.text(3), in.texts(1), outputs, options);
    }

    // Null if the attribute has no value or several.
    private Option option(Message in) {
      String kinds = "";
      double[] numbers = {};
      for (int field : new int[] {2, 3, 7, 8}) {
        if (in.has(field)) {
          int width = field == 2 || field == 7 ? 4 : 0;
          int count = in.count(field, width);
          if (count > MAX_OPTION || field < 4 && count != 1) {
            return null;
          }
          numbers = new double[count];
          in.numbers(field, width, numbers);
          kinds += "..fi...vn".charAt(field);
        }
      }
      kinds += (in.has(4) ? "s" : "") + (in.has(5) ? "t" : "");
      long type = in.number(20, 0);
      if (kinds.isEmpty() && (type == 3 || type == 6 || type == 7)) {
        kinds = type == 3 ? "s" : type == 6 ? "v" : "n";
      }
      boolean others = in.has(6);
      for (int field = RAW; field < 24; field++) {
        others |= field != 13 && field != 20 && in.has(field);
      }
      return kinds.length() != 1 || others
          ? null
          : new Option(
              kinds.charAt(0),
              numbers,
              in.text(4),
              kinds.equals("t") ? constant(in.message(5)) : null);
    }

    private Constant constant(Message in) {
      String name = in.text(8);
      String label = "has a tensor " + Quoted.of(name) + " ";
      int[] type = TYPES.get((int) in.number(2, 0));
      require(
          type != null,
          source,
          label + "of type " + typeName((int) in.number(2, 0)) + ", which is not supported",
          IN_F32);
      check(
          !in.has(13) && in.number(14, 0) == 0 && !in.has(3) && !in.has(6),
          label + "with external data, segments or strings, which are not supported");
      long[] dims = new long[Math.min(MAX_DIMS + 1, in.count(1, 0))];
      double[] read = new double[dims.length];
      in.numbers(1, 0, read);
      Arrays.setAll(dims, i -> (long) read[i]);
      check(
          dims.length <= MAX_DIMS
              && Arrays.stream(dims).allMatch(dim -> dim >= 0)
              && (total(dims) > 0 || dims.length == 1),
          label + "of the invalid shape " + Arrays.toString(dims));
      long total = total(dims);
      Message raw = in.message(RAW);
      int bytes = raw == null ? 0 : raw.to() - raw.from();
      int values = in.count(type[1], VALUES.get(type[1]));
      boolean others = VALUES.entrySet().stream()
          .anyMatch(field -> field.getKey() != type[1] && in.has(field.getKey()));
      check(
          !others && (bytes == 0 ? values == total : values == 0 && bytes == total * type[0]),
          label + "of the shape " + Arrays.toString(dims) + " with "
              + (bytes > 0 ? bytes + " bytes" : values + " values") + ", expected "
              + (bytes > 0 ? total * type[0] : total));
      boolean isReal = REAL_TYPES.contains((int) in.number(2, 0));
      Constant constant = new Constant(name, dims, isReal, null, in);
      if (total > MAX_KNOWN) {
        return constant;
      }
      double[] known = new double[(int) total];
      if (isReal) {
        known = constant.reals().toArray();
      } else if (bytes > 0) {
        known = whole(raw, known, (int) in.number(2, 0));
      } else {
        in.numbers(type[1], VALUES.get(type[1]), known);
      }
      return new Constant(name, dims, isReal, known, in);
    }

    private static double[] whole(Message raw, double[] known, int type) {
      ByteBuffer in = ByteBuffer.wrap(raw.bytes(), raw.from(), raw.to() - raw.from())
          .order(ByteOrder.LITTLE_ENDIAN);
      Arrays.setAll(known, i -> switch (type) {
        case 6 -> in.getInt();
        case 7 -> in.getLong();
        case 3 -> in.get();
        default -> in.get() & 255;
      });
      return known;
    }
  }

  private static long[] longs(List<Long> list) {
    return list.stream().mapToLong(n -> n).toArray();
  }
}
