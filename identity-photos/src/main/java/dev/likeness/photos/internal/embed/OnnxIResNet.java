package dev.likeness.photos.internal.embed;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.photos.internal.embed.IResNet.Activated;
import dev.likeness.photos.internal.embed.IResNet.Block;
import dev.likeness.photos.internal.embed.IResNet.Convolution;
import dev.likeness.photos.internal.embed.IResNet.Norm;
import dev.likeness.photos.internal.embed.IResNet.Projection;
import dev.likeness.photos.internal.embed.IResNet.UnitLength;
import dev.likeness.photos.internal.onnx.OnnxFile;
import dev.likeness.photos.internal.onnx.OnnxGraph.Constant;
import dev.likeness.photos.internal.onnx.OnnxGraph.Node;
import dev.likeness.photos.internal.onnx.OnnxGraph.Option;
import dev.likeness.photos.internal.onnx.OnnxValue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Reads an {@link IResNet} from an ONNX file. It follows the graph from the image to the embedding,
 * because exporters fold batch norms into convolutions and number the folded tensors. Every node
 * must be the one that the architecture has there. Used by one thread.
 */
final class OnnxIResNet {
  private static final double DEFAULT_EPSILON = 1e-5;

  private static final Set<String> COMMUTING = Set.of("Add", "Max", "Mul");
  // Such operations make another shape of a constant, and nothing else.
  private static final Set<String> RESHAPING = Set.of("Flatten", "Reshape", "Squeeze", "Unsqueeze");

  private final OnnxFile file;
  private final Map<String, OnnxValue> values;
  private final Map<String, String> same = new HashMap<>();
  private final Map<String, List<Node>> consumers = new HashMap<>();
  private final Map<String, Constant> constants;
  private final Map<String, Tensor> transposed = new HashMap<>();
  private Scaling scaling = Scaling.NONE;
  private Optional<UnitLength> length = Optional.empty();

  private OnnxIResNet(OnnxFile file, Map<String, OnnxValue> values) {
    this.file = file;
    this.values = values;
    constants = new HashMap<>(file.graph().constants());
    for (Node node : file.graph().nodes()) {
      Node direct = new Node(
          node.operation(),
          node.name(),
          node.inputs().stream().map(this::source).toList(),
          node.outputs(),
          node.options());
      if (isSame(direct)) {
        same.put(direct.outputs().get(0), direct.inputs().get(0));
      } else if (values.get(direct.outputs().get(0)).fixed()) {
        fold(direct);
      } else {
        direct.inputs().stream()
            .distinct()
            .forEach(
                name -> consumers.computeIfAbsent(name, n -> new ArrayList<>()).add(direct));
      }
    }
  }

  /** The value that a value repeats, or the value itself. */
  private String source(String value) {
    return same.getOrDefault(value, value);
  }

  /** Returns true if a node changes nothing at inference, or only the type of real numbers. */
  private boolean isSame(Node node) {
    OnnxValue out = values.get(node.outputs().get(0));
    return switch (node.operation()) {
      case "Identity", "Cast" -> out.real() && values.get(node.inputs().get(0)).real();
      case "Dropout" -> {
        Constant training =
            node.inputs().size() > 2 ? constants.get(node.inputs().get(2)) : null;
        boolean isTraining =
            training != null && training.known() != null && training.known()[0] != 0;
        check(node, !isTraining, "is in training mode");
        yield true;
      }
      default -> false;
    };
  }

  /** Computes a node of constants, if it moves numbers only. */
  private void fold(Node node) {
    String out = node.outputs().get(0);
    Option value = node.options().get("value");
    if (node.operation().equals("Constant") && value != null && value.constant() != null) {
      constants.put(out, value.constant());
      return;
    }
    String in = node.inputs().isEmpty() ? "" : node.inputs().get(0);
    boolean isReal = values.get(out).real();
    long[] dims = values.get(out).dims();
    if (isReal && RESHAPING.contains(node.operation()) && constants.containsKey(in)) {
      Constant from = constants.get(in);
      constants.put(out, new Constant(from.name(), dims, true, from.known(), from.data()));
    } else if (isReal && RESHAPING.contains(node.operation()) && transposed.containsKey(in)) {
      transposed.put(out, transposed.get(in).reshape(dims));
    } else if (isReal && node.operation().equals("Transpose")) {
      Option order = node.options().get("perm");
      Tensor tensor = constant(in, node);
      if (tensor != null) {
        long[] axes = order == null
            ? LongStream.range(0, tensor.dim())
                .map(axis -> tensor.dim() - 1 - axis)
                .toArray()
            : Arrays.stream(order.numbers()).mapToLong(axis -> (long) axis).toArray();
        transposed.put(out, tensor.permute(axes).contiguous());
      }
    }
  }

  /**
   * A network.
   *
   * @param scaling what the file does to its input before the first convolution
   * @param takesPixels whether the input are pixel values of 0 to 255; else the caller scales them
   */
  record Read(IResNet network, Scaling scaling, boolean takesPixels) {}

  /** Scales a value: multiplies it by the factor, then adds the offset. */
  record Scaling(double factor, double offset) {
    static final Scaling NONE = new Scaling(1, 0);

    /** Scales the result of this scaling too. */
    Scaling then(Scaling next) {
      return new Scaling(factor * next.factor, offset * next.factor + next.offset);
    }
  }

  /**
   * Reads the network; the calling scope owns its tensors.
   *
   * @param values what {@link OnnxFile#values} says of the file
   * @throws InvalidInputException if an operation or a shape differs from an IResNet's
   */
  static Read read(OnnxFile file, Map<String, OnnxValue> values) {
    return new OnnxIResNet(file, values).read();
  }

  private Read read() {
    String start = scaled(file.graph().image());
    List<Block> blocks = new ArrayList<>();
    Node stem = only(start, "Conv");
    Folded first = convolution(stem, 1);
    Node slope = only(first.output, "PRelu");
    Activated stemLayer = new Activated(first.layer, slopes(slope, first.layer));
    String value = slope.outputs().get(0);
    while (following(value).size() == 2) {
      value = block(value, blocks);
    }
    IResNet.require(!blocks.isEmpty(), file.source(), "has no residual blocks");
    Projection end = end(value);
    IResNet network = new IResNet(stemLayer, blocks, end, length).checked(file.source());
    return new Read(network, scaling, file.hasInputScaling());
  }

  /** Follows the operations that scale the pixel values, if the file has them. */
  private String scaled(String image) {
    String value = image;
    while (isFollowedBy(value, "Sub", "Add", "Mul", "Div")) {
      Node node = only(value, "Sub", "Add", "Mul", "Div");
      double number = number(node, value);
      scaling = scaling.then(
          switch (node.operation()) {
            case "Sub" -> new Scaling(1, -number);
            case "Add" -> new Scaling(1, number);
            case "Mul" -> new Scaling(number, 0);
            default -> new Scaling(1 / number, 0);
          });
      value = node.outputs().get(0);
    }
    return value;
  }

  private double number(Node node, String value) {
    Constant constant = constants.get(node.inputs().get(node.inputs().indexOf(value) == 0 ? 1 : 0));
    check(
        node,
        constant != null && constant.known() != null && constant.known().length == 1,
        "has no constant number as its other input");
    return constant.known()[0];
  }

  /** A convolution with the batch norm that may follow it, and the value behind both. */
  private record Folded(Convolution layer, String output) {}

  private Folded convolution(Node node, int stride) {
    Tensor weight = tensor(node, 1);
    Tensor bias = node.inputs().size() > 2 ? tensor(node, 2) : null;
    check(node, weight.dim() == 4, "has a weight of " + weight.dim() + " dimensions, expected 4");
    long kernel = weight.size(2);
    check(
        node,
        (kernel == 1 || kernel == 3) && all(node, "kernel_shape", kernel, kernel),
        "has a kernel that is neither 1x1 nor 3x3");
    check(node, all(node, "pads", kernel / 2, 0), "has pads that do not keep the size");
    check(node, all(node, "dilations", 1, 1) && all(node, "group", 1, 1), "is dilated or grouped");
    String padding =
        node.options().containsKey("auto_pad") ? node.options().get("auto_pad").text() : "NOTSET";
    check(node, padding.equals("NOTSET"), "has auto_pad, expected pads");
    Option given = node.options().get("strides");
    long own = given == null ? 1 : (long) given.numbers()[0];
    check(
        node,
        all(node, "strides", own, 1) && own >= 1 && (stride == 0 || own == stride),
        "has the strides " + (given == null ? own : Arrays.toString(given.numbers()))
            + ", expected "
            + (stride == 0 ? "one number of at least 1" : stride) + " for both axes");
    Normed normed = normed(node.outputs().get(0), weight.size(0));
    return new Folded(Convolution.of(weight, bias, normed.norm, own), normed.output);
  }

  /** The batch norm that may follow a value, or null, and the value behind it. */
  private record Normed(Norm norm, String output) {}

  private Normed normed(String value, long channels) {
    if (!isFollowedBy(value, "BatchNormalization")) {
      return new Normed(null, value);
    }
    Node node = only(value, "BatchNormalization");
    return new Normed(norm(node, channels), node.outputs().get(0));
  }

  /** Returns true if all numbers of an attribute are {@code expected}, as by default. */
  private static boolean all(Node node, String name, long expected, long byDefault) {
    Option option = node.options().get(name);
    return option == null
        ? expected == byDefault
        : Arrays.stream(option.numbers()).allMatch(n -> n == expected);
  }

  /** Follows one block from its input; returns its output. */
  private String block(String input, List<Block> blocks) {
    List<Node> two = following(input);
    Node start = two.stream()
        .filter(node -> node.operation().equals("BatchNormalization"))
        .findFirst()
        .orElseThrow(() -> unexpected(input, two, "BatchNormalization"));
    Node other = two.get(two.get(0) == start ? 1 : 0);
    Node conv1 = only(start.outputs().get(0), "Conv");
    Folded first = convolution(conv1, 1);
    Node prelu = only(first.output, "PRelu");
    Folded second = convolution(only(prelu.outputs().get(0), "Conv"), 0);
    Node sum = only(second.output, "Add");
    Folded shortcut = null;
    if (!other.operation().equals("Add")) {
      if (!other.operation().equals("Conv")) {
        throw unexpected(input, List.of(other), "Conv or Add");
      }
      shortcut = convolution(other, 0);
    }
    String added = shortcut == null ? input : shortcut.output;
    check(sum, sum.inputs().contains(added), "does not add the input of the block");
    blocks.add(new Block(
        norm(start, -1),
        new Activated(first.layer, slopes(prelu, first.layer)),
        second.layer,
        shortcut == null ? null : shortcut.layer));
    return sum.outputs().get(0);
  }

  /** Follows the graph from the last block to the embedding. */
  private Projection end(String last) {
    Normed before = normed(last, -1);
    Node flat = only(before.output, "Flatten", "Reshape");
    long[] row = values.get(flat.outputs().get(0)).dims();
    check(flat, row.length == 2 && row[0] == 1, "does not flatten the feature map");
    Node product = only(flat.outputs().get(0), "Gemm", "MatMul");
    Tensor weight = tensor(product, 1);
    check(
        product, weight.dim() == 2, "has a weight of " + weight.dim() + " dimensions, expected 2");
    boolean gemm = product.operation().equals("Gemm");
    check(
        product,
        all(product, "alpha", 1, 1) && all(product, "beta", 1, 1) && all(product, "transA", 0, 0),
        "has an alpha or beta that is not 1, or a transposed input");
    Tensor matrix = gemm && all(product, "transB", 1, 0) ? weight : weight.t().contiguous();
    Tensor bias = product.inputs().size() > 2 ? tensor(product, 2).flatten() : null;
    String value = product.outputs().get(0);
    if (!gemm && isFollowedBy(value, "Add")) {
      Node add = only(value, "Add");
      bias = tensor(add, add.inputs().indexOf(value) == 0 ? 1 : 0).flatten();
      value = add.outputs().get(0);
    }
    if (bias != null) {
      IResNet.requireShape(file.source(), product + ": the bias", bias, matrix.size(0));
    }
    Normed behind = normed(value, matrix.size(0));
    check(
        product,
        before.norm == null || matrix.size(1) % before.norm.scale().size(0) == 0,
        "does not fit the channels of the batch norm before it");
    Projection end = Projection.of(matrix, bias, before.norm, behind.norm);
    requireOutput(unitLength(behind.output));
    return end;
  }

  /** Follows the division of an embedding by its length, if the file has one. */
  private String unitLength(String value) {
    if (isFollowedBy(value, "LpNormalization")) {
      Node node = only(value, "LpNormalization");
      check(
          node,
          all(node, "p", 2, 2) && (all(node, "axis", -1, -1) || all(node, "axis", 1, -1)),
          "does not divide an embedding by its length");
      length = Optional.of(new UnitLength(0, 0));
      return node.outputs().get(0);
    }
    Optional<Node> division = following(value).stream()
        .filter(node -> node.operation().equals("Div") && node.inputs().get(0).equals(value))
        .findFirst();
    if (division.isEmpty()) {
      return value;
    }
    String divisor = bounded(lengthOf(value, division.get()));
    check(
        division.get(),
        division.get().inputs().get(1).equals(divisor),
        "does not divide an embedding by its length");
    return division.get().outputs().get(0);
  }

  /** The length of a vector: a norm, or the root of a sum of squares. */
  private String lengthOf(String vector, Node division) {
    List<Node> others =
        following(vector).stream().filter(node -> node != division).toList();
    if (others.size() != 1) {
      throw unexpected(vector, others, "the length of the embedding");
    }
    Node first = others.get(0);
    String operation = first.operation();
    String value = first.outputs().get(0);
    if (operation.equals("ReduceL2")) {
      requireRow(first);
      return value;
    }
    boolean isSquare = operation.equals("Mul") && first.inputs().equals(List.of(vector, vector))
        || operation.equals("Pow")
            && first.inputs().get(0).equals(vector)
            && number(first, vector) == 2;
    Node sum = isSquare ? only(value, "ReduceSum") : first;
    if (!sum.operation().equals("ReduceSum") && !sum.operation().equals("ReduceSumSquare")) {
      throw unexpected(vector, others, "the length of the embedding");
    }
    requireRow(sum);
    String squares = sum.outputs().get(0);
    Node root = only(squares, "Sqrt", "Pow");
    check(
        root,
        root.operation().equals("Sqrt") || number(root, squares) == 0.5,
        "does not compute the length of the embedding");
    return root.outputs().get(0);
  }

  private void requireRow(Node node) {
    long[] dims = values.get(node.outputs().get(0)).dims();
    check(
        node,
        Arrays.equals(dims, new long[] {1, 1}),
        "does not compute the length of the embedding");
  }

  /** Follows the bound that keeps a length from being zero. */
  private String bounded(String start) {
    double least = 0;
    double added = 0;
    String value = start;
    while (isFollowedBy(value, "Clip", "Max", "Add", "Expand")) {
      Node node = only(value, "Clip", "Max", "Add", "Expand");
      switch (node.operation()) {
        case "Clip" -> {
          check(node, isOpen(node, 2, "max"), "bounds the length of the embedding from above");
          least = Math.max(least, bound(node));
        }
        case "Max" -> least = Math.max(least, number(node, value));
        case "Add" -> added += number(node, value);
        default -> {}
      }
      value = node.outputs().get(0);
    }
    length = Optional.of(new UnitLength(least, added));
    return value;
  }

  private static boolean isOpen(Node node, int input, String name) {
    boolean isGiven = node.inputs().size() > input && !node.inputs().get(input).isEmpty();
    Option option = node.options().get(name);
    return !isGiven && (option == null || option.numbers()[0] >= Float.MAX_VALUE);
  }

  private double bound(Node clip) {
    Option option = clip.options().get("min");
    if (option != null || isOpen(clip, 1, "min")) {
      return option == null ? 0 : option.numbers()[0];
    }
    Constant constant = constants.get(clip.inputs().get(1));
    check(
        clip,
        constant != null && constant.known() != null && constant.known().length == 1,
        "has no constant number as its bound");
    return constant.known()[0];
  }

  private void requireOutput(String value) {
    List<String> outputs = file.graph().outputs().stream().map(this::source).toList();
    if (!following(value).isEmpty() || !outputs.equals(List.of(value))) {
      throw unexpected(value, following(value), "the only output of the file");
    }
  }

  private Norm norm(Node node, long channels) {
    Tensor[] parameters = new Tensor[4];
    for (int i = 0; i < 4; i++) {
      parameters[i] = tensor(node, i + 1);
      IResNet.requireShape(
          file.source(),
          node + ": parameter " + (i + 1),
          parameters[i],
          channels == -1 ? parameters[0].numel() : channels);
    }
    check(node, all(node, "training_mode", 0, 0), "is in training mode");
    Option epsilon = node.options().get("epsilon");
    return Norm.of(
        file.source() + ": node " + node,
        parameters[0],
        parameters[1],
        parameters[2],
        parameters[3],
        epsilon == null ? DEFAULT_EPSILON : epsilon.numbers()[0]);
  }

  /** The slopes of a PReLU, one for each channel. */
  private Tensor slopes(Node node, Convolution before) {
    Tensor slopes = tensor(node, 1).flatten();
    return slopes.numel() == 1 ? slopes.repeat(before.weight().size(0)) : slopes;
  }

  private Tensor tensor(Node node, int input) {
    Tensor tensor = input < node.inputs().size() ? constant(node.inputs().get(input), node) : null;
    check(node, tensor != null, "has no constant as input " + input);
    return tensor;
  }

  /** A constant; null if a value is none. */
  private Tensor constant(String name, Node node) {
    Constant constant = constants.get(name);
    if (constant == null) {
      return transposed.get(name);
    }
    float[] numbers = constant.floats().orElse(null);
    check(node, numbers != null, "has weights that are whole numbers");
    return torch.tensor(numbers).reshape(constant.dims());
  }

  /** The nodes that use a value. */
  private List<Node> following(String value) {
    return consumers.getOrDefault(value, List.of());
  }

  private boolean isFollowedBy(String value, String... operations) {
    return following(value).size() == 1
        && List.of(operations).contains(following(value).get(0).operation());
  }

  /** The only node that uses a value, as its first input; one of {@code operations}. */
  private Node only(String value, String... operations) {
    List<Node> nodes = following(value);
    if (nodes.size() != 1 || !List.of(operations).contains(nodes.get(0).operation())) {
      throw unexpected(value, nodes, String.join(" or ", operations));
    }
    Node node = nodes.get(0);
    boolean commutes = COMMUTING.contains(node.operation());
    check(
        node,
        commutes || node.inputs().indexOf(value) == 0,
        "does not take the image as its first input");
    return node;
  }

  private InvalidInputException unexpected(String value, List<Node> nodes, String expected) {
    String found = nodes.isEmpty()
        ? "the end of the graph"
        : nodes.stream().map(Node::toString).collect(Collectors.joining(" and "));
    return new InvalidInputException(file.source() + ": expected " + expected + " after "
        + Quoted.of(value) + ", found " + found
        + "; give an IResNet of ArcFace's form, such as AuraFace's glintr100.onnx");
  }

  private void check(Node node, boolean condition, String fault) {
    if (!condition) {
      IResNet.require(false, file.source(), "node " + node + " " + fault);
    }
  }
}
