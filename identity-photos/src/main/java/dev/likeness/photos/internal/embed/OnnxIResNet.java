package dev.likeness.photos.internal.embed;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.photos.internal.embed.IResNet.Activated;
import dev.likeness.photos.internal.embed.IResNet.Block;
import dev.likeness.photos.internal.embed.IResNet.Convolution;
import dev.likeness.photos.internal.embed.IResNet.Norm;
import dev.likeness.photos.internal.embed.IResNet.Projection;
import dev.likeness.photos.internal.onnx.OnnxFile;
import dev.likeness.photos.internal.onnx.OnnxGraph;
import dev.likeness.photos.internal.onnx.OnnxGraph.Constant;
import dev.likeness.photos.internal.onnx.OnnxGraph.Node;
import dev.likeness.photos.internal.onnx.OnnxGraph.Option;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Reads an {@link IResNet} from an ONNX file. It follows the graph from the image to the embedding,
 * because exporters fold batch norms into convolutions and number the folded tensors. Every node
 * must be the one that the architecture has there. Used by one thread.
 */
final class OnnxIResNet {
  private static final double DEFAULT_EPSILON = 1e-5;

  private final OnnxFile file;
  private final Map<String, List<Node>> consumers = new HashMap<>();
  private final Map<String, Constant> constants;
  private Optional<Scaling> scaling = Optional.empty();

  private OnnxIResNet(OnnxFile file) {
    this.file = file;
    OnnxGraph graph = file.graph();
    constants = new HashMap<>(graph.constants());
    for (Node node : graph.nodes()) {
      Option value = node.options().get("value");
      if (node.operation().equals("Constant") && value != null && value.constant() != null) {
        constants.put(node.outputs().get(0), value.constant());
      }
      node.inputs().stream()
          .distinct()
          .forEach(
              name -> consumers.computeIfAbsent(name, n -> new ArrayList<>()).add(node));
    }
  }

  /**
   * A network.
   *
   * @param scaling the scaling of pixel values of 0 to 255 in the file; empty if the caller scales
   */
  record Read(IResNet network, Optional<Scaling> scaling) {}

  /** Scales a pixel value: subtracts the mean, then applies the factor. */
  record Scaling(double mean, double factor) {}

  /**
   * Reads the network; the calling scope owns its tensors.
   *
   * @throws InvalidInputException if an operation or a shape differs from an IResNet's
   */
  static Read read(OnnxFile file) {
    file.outputs(IResNet.SIDE, OnnxFile.FACE_WORK);
    return new OnnxIResNet(file).read();
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
    return new Read(new IResNet(stemLayer, blocks, end).checked(file.source()), scaling);
  }

  /** Follows Sub and Mul of the pixel values, if the file has them. */
  private String scaled(String image) {
    if (!isFollowedBy(image, "Sub")) {
      return image;
    }
    Node sub = only(image, "Sub");
    Node mul = only(sub.outputs().get(0), "Mul");
    scaling = Optional.of(new Scaling(number(sub), number(mul)));
    return mul.outputs().get(0);
  }

  private double number(Node node) {
    Constant constant = constants.get(node.inputs().get(1));
    check(
        node,
        constant != null && constant.known() != null && constant.known().length == 1,
        "has no constant number as its second input");
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
    Node flat = only(skipped(before.output), "Flatten", "Reshape");
    if (flat.operation().equals("Flatten")) {
      check(flat, all(flat, "axis", 1, 1), "has an axis other than 1");
    } else {
      Constant shape = constants.get(flat.inputs().get(1));
      check(
          flat,
          shape != null && shape.known() != null && shape.known().length == 2,
          "does not flatten the feature map");
    }
    Node product = only(skipped(flat.outputs().get(0)), "Gemm", "MatMul");
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
    requireOutput(skipped(behind.output));
    check(
        product,
        before.norm == null || matrix.size(1) % before.norm.scale().size(0) == 0,
        "does not fit the channels of the batch norm before it");
    return Projection.of(matrix, bias, before.norm, behind.norm);
  }

  private void requireOutput(String value) {
    List<String> outputs = file.graph().outputs();
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
    Constant constant =
        input < node.inputs().size() ? constants.get(node.inputs().get(input)) : null;
    check(node, constant != null, "has no constant as input " + input);
    float[] values = constant.floats().orElse(null);
    check(node, values != null, "has weights that are not f32");
    Tensor tensor = torch.tensor(values).reshape(constant.dims());
    check(node, torch.isfinite(tensor).all().item_bool(), "has weights that are NaN or infinite");
    return tensor;
  }

  /** The nodes that use a value. */
  private List<Node> following(String value) {
    return consumers.getOrDefault(value, List.of());
  }

  private boolean isFollowedBy(String value, String operation) {
    return following(value).size() == 1 && following(value).get(0).operation().equals(operation);
  }

  /** The value behind nodes that change nothing at inference. */
  private String skipped(String value) {
    return isFollowedBy(value, "Dropout") || isFollowedBy(value, "Identity")
        ? skipped(following(value).get(0).outputs().get(0))
        : value;
  }

  /** The only node that uses a value, as its first input; one of {@code operations}. */
  private Node only(String value, String... operations) {
    List<Node> nodes = following(value);
    if (nodes.size() != 1 || !List.of(operations).contains(nodes.get(0).operation())) {
      throw unexpected(value, nodes, String.join(" or ", operations));
    }
    Node node = nodes.get(0);
    boolean commutes = node.operation().equals("Add");
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
