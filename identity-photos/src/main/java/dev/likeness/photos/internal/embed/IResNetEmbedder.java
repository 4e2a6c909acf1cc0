package dev.likeness.photos.internal.embed;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.io.Sha256;
import dev.likeness.diffusion.internal.model.TensorFileFormat;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.photos.embed.EmbedderSpec;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.internal.embed.IResNet.Activated;
import dev.likeness.photos.internal.embed.IResNet.Block;
import dev.likeness.photos.internal.embed.IResNet.Convolution;
import dev.likeness.photos.internal.embed.IResNet.Excitation;
import dev.likeness.photos.internal.embed.IResNet.Norm;
import dev.likeness.photos.internal.embed.IResNet.Projection;
import dev.likeness.photos.internal.embed.IResNet.UnitLength;
import dev.likeness.photos.internal.embed.OnnxIResNet.Scaling;
import dev.likeness.photos.internal.onnx.OnnxFile;
import dev.likeness.photos.internal.onnx.OnnxValue;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A face embedder of ArcFace's form in libtorch, from an ONNX file or from a file of tensors with
 * the names of arcface_torch or of facexlib's IR-SE networks. It computes what {@code OnnxEmbedder}
 * computes, and has gradients.
 */
public final class IResNetEmbedder implements DifferentiableEmbedder {
  private static final double EPSILON = 1e-5;
  private static final double HALF_RANGE = 127.5;

  private final EmbedderSpec spec;
  private final String name;
  private final double factor;
  private final double offset;
  private final TensorRegion region = new TensorRegion();
  private final IResNet network;

  private IResNetEmbedder(EmbedderSpec spec, String hash, OnnxIResNet.Read read) {
    this.spec = spec;
    this.name = spec.name() + " " + hash;
    Scaling signed = new Scaling(HALF_RANGE, HALF_RANGE);
    Scaling whole = (read.takesPixels()
            ? signed
            : signed.then(new Scaling(1, -spec.mean())).then(new Scaling(spec.scale(), 0)))
        .then(read.scaling());
    factor = whole.factor();
    offset = whole.offset();
    network = read.network().keptIn(region);
  }

  /**
   * Opens an embedder.
   *
   * @param file an ONNX file, or safetensors or {@code torch.save} with the names of arcface_torch
   *     or of facexlib's IR-SE networks
   * @throws InvalidInputException if {@code policy} forbids the embedder, the file is another
   *     network than an IResNet for faces of 112x112 pixels, or its weights are damaged
   */
  public static IResNetEmbedder open(Path file, EmbedderSpec spec, UsePolicy policy) {
    policy.require(spec);
    boolean isOnnx = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT).endsWith(".onnx");
    return DifferentiableEmbedder.checked(
        isOnnx ? onnx(file, spec) : tensors(file, spec), "the face embedder " + file);
  }

  private static IResNetEmbedder onnx(Path file, EmbedderSpec spec) {
    OnnxFile onnx = OnnxFile.read(file, "the face embedder");
    Map<String, OnnxValue> values = onnx.values(IResNet.SIDE, OnnxFile.FACE_WORK);
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      return new IResNetEmbedder(spec, onnx.fingerprint(), OnnxIResNet.read(onnx, values));
    }
  }

  private static IResNetEmbedder tensors(Path file, EmbedderSpec spec) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        TensorSource source = new TensorSource.Finite(TensorFileFormat.open(file))) {
      IResNet network = new NamedTensors(source).network().checked(source.describe());
      return new IResNetEmbedder(
          spec, fingerprint(file), new OnnxIResNet.Read(network, Scaling.NONE, false));
    }
  }

  private static String fingerprint(Path file) {
    try {
      return HexFormat.of().formatHex(Sha256.of(ModelFile.regular(file)), 0, 4);
    } catch (IOException e) {
      throw new InvalidInputException(
          "cannot read the face embedder " + file + ": " + Quoted.reason(e), e);
    }
  }

  @Override
  public Tensor features(Tensor faces) {
    Tensor x = spec.rgb() ? faces : faces.flip(1);
    return network.forward(
        factor == 1 && offset == 0 ? x : x.mul(new Scalar(factor)).add(new Scalar(offset)));
  }

  @Override
  public boolean isNormalized() {
    return network.length().isPresent();
  }

  @Override
  public int embeddingSize() {
    return network.embeddingSize();
  }

  /** Returns the name of the specification and a hash of the file, as {@code OnnxEmbedder}. */
  @Override
  public String name() {
    return name;
  }

  @Override
  public double samePersonThreshold() {
    return spec.samePersonThreshold();
  }

  @Override
  public void close() {
    region.close();
  }

  /** Reads tensors of a file by name; every tensor must be read. */
  private static final class NamedTensors {
    private final TensorSource source;
    private final Set<String> unread;

    NamedTensors(TensorSource source) {
      this.source = source;
      this.unread = new TreeSet<>(source.names());
      unread.removeIf(name -> name.endsWith(".num_batches_tracked"));
    }

    IResNet network() {
      return source.has("input_layer.0.weight")
          ? new IrSe(this).network()
          : new ArcFaceTorch(this).network();
    }

    void requireAllRead() {
      IResNet.require(
          unread.isEmpty(),
          source.describe(),
          "has tensors that an IResNet does not have, such as "
              + unread.stream().findFirst().map(Quoted::of).orElse(""));
    }

    boolean has(String name) {
      return source.has(name);
    }

    int count(String prefix) {
      return ShapeReader.Numbered.count(source, prefix);
    }

    Convolution convolution(String name, String norm, long stride) {
      Tensor weight = tensor(name + ".weight");
      Norm behind = norm(norm);
      IResNet.requireShape(source.describe(), norm + ".weight", behind.scale(), weight.size(0));
      return Convolution.of(weight, null, behind, stride);
    }

    Norm norm(String name) {
      Tensor weight = tensor(name + ".weight");
      Tensor[] others = new Tensor[3];
      List<String> roles = List.of(".bias", ".running_mean", ".running_var");
      for (int i = 0; i < others.length; i++) {
        others[i] = tensor(name + roles.get(i));
        IResNet.requireShape(source.describe(), name + roles.get(i), others[i], weight.numel());
      }
      return Norm.of(
          source.describe() + ": " + name, weight, others[0], others[1], others[2], EPSILON);
    }

    Tensor slopes(String name) {
      return tensor(name).flatten();
    }

    Tensor tensor(String name) {
      IResNet.require(source.has(name), source.describe(), "has no tensor " + name);
      unread.remove(name);
      return source.read(name).to(ScalarType.Float);
    }
  }

  /** The names of arcface_torch ({@code backbones/iresnet.py}). */
  private record ArcFaceTorch(NamedTensors file) {
    IResNet network() {
      Activated stem =
          new Activated(file.convolution("conv1", "bn1", 1), file.slopes("prelu.weight"));
      List<Block> blocks = new ArrayList<>();
      int level = 1;
      for (int count = count(level); count > 0; count = count(++level)) {
        for (int i = 0; i < count; i++) {
          blocks.add(block("layer" + level + "." + i + ".", i == 0 ? 2 : 1));
        }
      }
      IResNet network = new IResNet(
          stem,
          blocks,
          Projection.of(
              file.tensor("fc.weight"),
              file.tensor("fc.bias"),
              file.norm("bn2"),
              file.norm("features")),
          Optional.empty());
      file.requireAllRead();
      return network;
    }

    private int count(int level) {
      return file.count("layer" + level + ".");
    }

    private Block block(String at, long stride) {
      return new Block(
          file.norm(at + "bn1"),
          new Activated(
              file.convolution(at + "conv1", at + "bn2", 1), file.slopes(at + "prelu.weight")),
          file.convolution(at + "conv2", at + "bn3", stride),
          file.has(at + "downsample.0.weight")
              ? file.convolution(at + "downsample.0", at + "downsample.1", stride)
              : null);
    }
  }

  /**
   * The names of facexlib's IR-SE networks ({@code recognition/arcface_arch.py}), which divide the
   * embedding by its length. The first block of a level has stride 2: the first one of all, and
   * each with a convolution in its shortcut.
   */
  private record IrSe(NamedTensors file) {
    IResNet network() {
      Activated stem = new Activated(
          file.convolution("input_layer.0", "input_layer.1", 1),
          file.slopes("input_layer.2.weight"));
      int count = file.count("body.");
      List<Block> blocks = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        blocks.add(block("body." + i + ".", i == 0));
      }
      IResNet network = new IResNet(
          stem,
          blocks,
          Projection.of(
              file.tensor("output_layer.3.weight"),
              file.tensor("output_layer.3.bias"),
              file.norm("output_layer.0"),
              file.norm("output_layer.4")),
          Optional.of(new UnitLength(0, 0)));
      file.requireAllRead();
      return network;
    }

    private Block block(String at, boolean isFirst) {
      boolean widens = file.has(at + "shortcut_layer.0.weight");
      long stride = isFirst || widens ? 2 : 1;
      String residual = at + "res_layer.";
      Tensor first = file.tensor(residual + "1.weight");
      return new Block(
          file.norm(residual + "0"),
          new Activated(Convolution.of(first, null, null, 1), file.slopes(residual + "2.weight")),
          file.convolution(residual + "3", residual + "4", stride),
          new Excitation(
              file.tensor(residual + "5.fc1.weight"), file.tensor(residual + "5.fc2.weight")),
          widens
              ? file.convolution(at + "shortcut_layer.0", at + "shortcut_layer.1", stride)
              : null);
    }
  }
}
