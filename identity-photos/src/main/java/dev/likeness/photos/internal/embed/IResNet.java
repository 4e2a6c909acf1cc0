package dev.likeness.photos.internal.embed;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * ArcFace's network for face recognition (Deng et al., CVPR 2019; {@code iresnet.py} of
 * arcface_torch in deepinsight/insightface), of any depth and width, also with squeeze and
 * excitation (IR-SE). Batch norms behind convolutions are folded into them when a file is read.
 * Immutable and thread-safe.
 *
 * @param stem the first convolution, with its activation
 * @param blocks the residual blocks of all levels
 * @param end the layer that maps the last feature map to the embedding
 * @param length the division of the embedding by its length; empty if the file has none
 */
record IResNet(Activated stem, List<Block> blocks, Projection end, Optional<UnitLength> length) {
  /** Both sides of an aligned face in pixels. */
  static final int SIDE = DifferentiableEmbedder.SIDE;

  private static final long[] ONE = {1, 1};

  /** A batch norm with fixed statistics, as a scale and an offset of each channel. */
  record Norm(Tensor scale, Tensor offset) {
    /**
     * Makes a norm from the parameters of a batch norm, each [channels].
     *
     * @param name the file and the norm, for errors
     * @throws InvalidInputException if a variance with its epsilon is not above 0
     */
    static Norm of(
        String name, Tensor weight, Tensor bias, Tensor mean, Tensor variance, double epsilon) {
      Tensor spread = variance.add(new Scalar(epsilon));
      if (!spread.gt(new Scalar(0)).all().item_bool()) {
        throw new InvalidInputException(name + " has a variance that is negative, expected at least"
            + " 0; download the file again");
      }
      Tensor scale = weight.mul(spread.rsqrt());
      return new Norm(scale, bias.sub(mean.mul(scale)));
    }

    private Tensor forward(Tensor x) {
      return x.mul(scale.view(1, -1, 1, 1)).add(offset.view(1, -1, 1, 1));
    }
  }

  /**
   * A convolution of a 3x3 or 1x1 kernel, padded so that stride 1 keeps the size.
   *
   * @param weight [out, in, kernel, kernel]
   * @param bias [out]
   */
  record Convolution(Tensor weight, Tensor bias, long stride) {
    /** Folds a batch norm into a convolution; {@code bias} and {@code norm} may be null. */
    static Convolution of(Tensor weight, Tensor bias, Norm norm, long stride) {
      Tensor own = bias == null ? weight.new_zeros(weight.size(0)) : bias;
      return norm == null
          ? new Convolution(weight, own, stride)
          : new Convolution(
              weight.mul(norm.scale.view(-1, 1, 1, 1)),
              own.mul(norm.scale).add(norm.offset),
              stride);
    }

    long kernel() {
      return weight.size(2);
    }

    private Tensor forward(Tensor x) {
      long[] padding = {kernel() / 2, kernel() / 2};
      return torch.conv2d(
          x, weight, new TensorOptional(bias), new long[] {stride, stride}, padding, ONE, 1);
    }
  }

  /** A convolution and a PReLU with a slope for each channel. */
  record Activated(Convolution convolution, Tensor slope) {
    private Tensor forward(Tensor x) {
      return torch.prelu(convolution.forward(x), slope);
    }
  }

  /**
   * Squeeze and excitation (Hu et al., CVPR 2018): each channel is scaled by a number that two
   * layers compute from the means of all channels.
   *
   * @param first [channels / reduction, channels, 1, 1]
   * @param second [channels, channels / reduction, 1, 1]
   */
  record Excitation(Tensor first, Tensor second) {
    private Tensor forward(Tensor x) {
      Tensor means = torch.adaptive_avg_pool2d(x, ONE);
      Tensor squeezed = torch.relu(torch.conv2d(means, first));
      return x.mul(torch.sigmoid(torch.conv2d(squeezed, second)));
    }
  }

  /**
   * A residual block.
   *
   * @param norm the batch norm of its input
   * @param excitation of the residual; null if the network has none
   * @param shortcut the convolution of the shortcut; null if the input is added, of which every
   *     {@code second.stride()}-th row and column counts
   */
  record Block(
      Norm norm, Activated first, Convolution second, Excitation excitation, Convolution shortcut) {
    Block(Norm norm, Activated first, Convolution second, Convolution shortcut) {
      this(norm, first, second, null, shortcut);
    }

    private Tensor forward(Tensor x) {
      Tensor residual = second.forward(first.forward(norm.forward(x)));
      Tensor scaled = excitation == null ? residual : excitation.forward(residual);
      return scaled.add(shortcut == null ? everyPixel(x) : shortcut.forward(x));
    }

    private Tensor everyPixel(Tensor x) {
      return second.stride == 1
          ? x
          : x.slice(2, new LongOptional(), new LongOptional(), second.stride)
              .slice(3, new LongOptional(), new LongOptional(), second.stride);
    }
  }

  /**
   * A linear layer over the flattened feature map.
   *
   * @param weight [size, channels * side * side]
   * @param bias [size]
   */
  record Projection(Tensor weight, Tensor bias) {
    /**
     * Folds the batch norms before and behind a linear layer into it; {@code bias} and the norms
     * may be null.
     */
    static Projection of(Tensor weight, Tensor bias, Norm before, Norm behind) {
      Tensor w = weight;
      Tensor b = bias == null ? weight.new_zeros(weight.size(0)) : bias;
      if (before != null) {
        Tensor byChannel = w.view(w.size(0), before.scale.size(0), -1);
        b = b.add(
            byChannel.sum(new long[] {2}, false, new ScalarTypeOptional()).matmul(before.offset));
        w = byChannel.mul(before.scale.view(1, -1, 1)).flatten(1, -1);
      }
      return behind == null
          ? new Projection(w, b)
          : new Projection(w.mul(behind.scale.view(-1, 1)), b.mul(behind.scale).add(behind.offset));
    }
  }

  /**
   * The division of an embedding by its length.
   *
   * @param least the least length that is divided by
   * @param added a number that is added to the length
   */
  record UnitLength(double least, double added) {
    private Tensor forward(Tensor x) {
      Tensor length =
          x.square().sum(new long[] {1}, true, new ScalarTypeOptional()).sqrt();
      return x.div(torch.clamp_min(length, new Scalar(least)).add(new Scalar(added)));
    }
  }

  /** Returns embeddings [n, size] of faces [n, 3, 112, 112]; the calling scope owns them. */
  Tensor forward(Tensor faces) {
    try (TensorScope call = TensorScope.open()) {
      Tensor x = stem.forward(faces);
      for (Block block : blocks) {
        try (TensorScope scope = TensorScope.open()) {
          x = scope.replace(x, block.forward(x));
        }
      }
      Tensor features = torch.linear(x.flatten(1, -1), end.weight, new TensorOptional(end.bias));
      return call.promote(length.isPresent() ? length.get().forward(features) : features);
    }
  }

  /** Returns the number of elements of an embedding. */
  int embeddingSize() {
    return (int) end.weight.size(0);
  }

  /**
   * Checks the shapes of all layers and the numbers in them; {@code source} names the file in
   * errors.
   *
   * @throws InvalidInputException if two layers do not fit, or a number is not finite after a batch
   *     norm was folded
   */
  IResNet checked(String source) {
    requireShape(source, "the first convolution", stem.convolution.weight, -1, 3, 3, 3);
    long channels = activated(source, "the first convolution", stem);
    long side = SIDE;
    for (int i = 0; i < blocks.size(); i++) {
      Block block = blocks.get(i);
      String name = "block " + (i + 1);
      requireShape(source, name + ": the batch norm", block.norm.scale, channels);
      requireShape(source, name + ": conv1", block.first.convolution.weight, -1, channels, 3, 3);
      long inner = activated(source, name + ": conv1", block.first);
      requireShape(source, name + ": conv2", block.second.weight, -1, inner, 3, 3);
      long out = block.second.weight.size(0);
      if (block.shortcut == null) {
        require(
            out == channels && (block.second.stride == 1 || block.excitation != null),
            source,
            name + " changes the shape but has no convolution in its shortcut");
      } else {
        requireShape(source, name + ": downsample", block.shortcut.weight, out, channels, 1, 1);
        require(
            block.shortcut.stride == block.second.stride,
            source,
            name + " has stride " + block.second.stride + " in conv2 and " + block.shortcut.stride
                + " in downsample, expected the same");
      }
      if (block.excitation != null) {
        requireShape(source, name + ": fc1", block.excitation.first, -1, out, 1, 1);
        long squeezed = block.excitation.first.size(0);
        requireShape(source, name + ": fc2", block.excitation.second, out, squeezed, 1, 1);
      }
      side = (side - 1) / block.second.stride + 1;
      channels = out;
    }
    requireShape(source, "fc", end.weight, -1, channels * side * side);
    tensors().forEach(tensor -> {
      if (!torch.isfinite(tensor).all().item_bool()) {
        throw new InvalidInputException(source + " has weights that overflow f32 when its batch"
            + " norms are folded, because they are damaged; download the file again");
      }
    });
    return this;
  }

  private List<Tensor> tensors() {
    List<Tensor> all = new ArrayList<>();
    add(all, stem);
    for (Block block : blocks) {
      all.add(block.norm.scale);
      all.add(block.norm.offset);
      add(all, block.first);
      add(all, block.second);
      if (block.excitation != null) {
        all.add(block.excitation.first);
        all.add(block.excitation.second);
      }
      if (block.shortcut != null) {
        add(all, block.shortcut);
      }
    }
    all.add(end.weight);
    all.add(end.bias);
    return all;
  }

  private static void add(List<Tensor> all, Activated layer) {
    add(all, layer.convolution);
    all.add(layer.slope);
  }

  private static void add(List<Tensor> all, Convolution layer) {
    all.add(layer.weight);
    all.add(layer.bias);
  }

  private static long activated(String source, String name, Activated layer) {
    long out = layer.convolution.weight.size(0);
    requireShape(source, name + ": the slopes of PReLU", layer.slope, out);
    return out;
  }

  /** Refuses another shape; a dimension of -1 may have any size. */
  static void requireShape(String source, String name, Tensor tensor, long... expected) {
    long[] shape = tensor.shape();
    boolean fits = shape.length == expected.length;
    for (int i = 0; fits && i < shape.length; i++) {
      fits = expected[i] == -1 ? shape[i] > 0 : expected[i] == shape[i];
    }
    require(
        fits,
        source,
        name + " has the shape " + Arrays.toString(shape) + ", expected "
            + Arrays.toString(expected).replace("-1", "any"));
  }

  static void require(boolean condition, String source, String fault) {
    if (!condition) {
      throw new InvalidInputException(source + ": " + fault
          + "; give an IResNet of ArcFace's form, such as AuraFace's glintr100.onnx");
    }
  }

  /** Returns this network with tensors that {@code region} owns. */
  IResNet keptIn(TensorRegion region) {
    tensors().forEach(region::keep);
    return this;
  }
}
