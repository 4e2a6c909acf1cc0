package dev.likeness.ipadapter.internal.parsing;

import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * BiSeNet for face parsing (Yu et al., ECCV 2018), with the names and results of facexlib's class.
 * A ResNet-18 gives features at an eighth, a sixteenth and a thirty-second of the size; the last
 * two are refined by attention over channels and fused with the first. Immutable and thread-safe.
 */
final class BiSeNet {
  private final Resnet resnet;
  private final Refinement refine16;
  private final Refinement refine32;
  private final ConvNorm head32;
  private final ConvNorm head16;
  private final ConvNorm average;
  private final Fusion fusion;
  private final Output output;

  /**
   * Reads a network.
   *
   * @param width channels of the first convolution; 64 in the published network
   * @param labels number of labels
   */
  BiSeNet(Weights w, int width, int labels) {
    Weights context = w.at("cp");
    resnet = new Resnet(context.at("resnet"), width);
    refine16 = new Refinement(context.at("arm16"), 4 * width, 2 * width);
    refine32 = new Refinement(context.at("arm32"), 8 * width, 2 * width);
    head32 = new ConvNorm(context.at("conv_head32"), 2 * width, 2 * width, 3);
    head16 = new ConvNorm(context.at("conv_head16"), 2 * width, 2 * width, 3);
    average = new ConvNorm(context.at("conv_avg"), 8 * width, 2 * width, 1);
    fusion = new Fusion(w.at("ffm"), 4 * width);
    output = new Output(w.at("conv_out"), 4 * width, 4 * width, labels);
    // Outputs for training only.
    new Output(w.at("conv_out16"), 2 * width, width, labels);
    new Output(w.at("conv_out32"), 2 * width, width, labels);
  }

  /** Returns logits [n, labels, h, w] of normalised faces [n, 3, h, w]. */
  Tensor forward(Tensor faces) {
    try (TensorScope call = TensorScope.open()) {
      List<Tensor> features = resnet.forward(faces);
      Tensor of8 = features.get(0);
      Tensor of16 = features.get(1);
      Tensor of32 = features.get(2);
      Tensor whole = average.forward(mean(of32)).expand(-1, -1, of32.size(2), of32.size(3));
      Tensor up32 =
          head32.forward(resized(refine32.forward(of32).add(whole), of16.size(2), of16.size(3)));
      Tensor up16 =
          head16.forward(resized(refine16.forward(of16).add(up32), of8.size(2), of8.size(3)));
      Tensor logits = output.forward(fusion.forward(of8, up16));
      long[] size = {faces.size(2), faces.size(3)};
      return call.promote(torch.upsample_bilinear2d(logits, size, true));
    }
  }

  private static Tensor mean(Tensor x) {
    return x.mean(new long[] {2, 3}, true, new ScalarTypeOptional());
  }

  private static Tensor resized(Tensor x, long height, long width) {
    return torch.upsample_nearest2d(x, new long[] {height, width});
  }

  /** A batch norm with fixed statistics. */
  private static final class Norm {
    private final Tensor weight;
    private final Tensor bias;
    private final Tensor mean;
    private final Tensor variance;

    Norm(Weights w, long channels) {
      weight = w.tensor("weight", channels);
      bias = w.tensor("bias", channels);
      mean = w.tensor("running_mean", channels);
      variance = w.tensor("running_var", channels);
    }

    Tensor forward(Tensor x) {
      return torch.batch_norm(
          x,
          new TensorOptional(weight),
          new TensorOptional(bias),
          new TensorOptional(mean),
          new TensorOptional(variance),
          false,
          0,
          1e-5,
          false);
    }
  }

  /** A convolution that keeps the size, a batch norm and a ReLU. */
  private static final class ConvNorm {
    private final Conv2d conv;
    private final Norm norm;

    ConvNorm(Weights w, long in, long out, int kernel) {
      conv = Conv2d.withoutBias(w.at("conv"), in, out, kernel, 1, kernel / 2);
      norm = new Norm(w.at("bn"), out);
    }

    Tensor forward(Tensor x) {
      return torch.relu(norm.forward(conv.forward(x)));
    }
  }

  /** Scales channels by a number that the means of all channels give. */
  private static final class Refinement {
    private final ConvNorm conv;
    private final Conv2d attention;
    private final Norm norm;

    Refinement(Weights w, long in, long out) {
      conv = new ConvNorm(w.at("conv"), in, out, 3);
      attention = Conv2d.withoutBias(w.at("conv_atten"), out, out, 1, 1, 0);
      norm = new Norm(w.at("bn_atten"), out);
    }

    Tensor forward(Tensor x) {
      Tensor features = conv.forward(x);
      return features.mul(torch.sigmoid(norm.forward(attention.forward(mean(features)))));
    }
  }

  /** Joins two feature maps and adds a part scaled by channel. */
  private static final class Fusion {
    private final ConvNorm conv;
    private final Conv2d first;
    private final Conv2d second;

    Fusion(Weights w, long width) {
      conv = new ConvNorm(w.at("convblk"), width, width, 1);
      first = Conv2d.withoutBias(w.at("conv1"), width, width / 4, 1, 1, 0);
      second = Conv2d.withoutBias(w.at("conv2"), width / 4, width, 1, 1, 0);
    }

    Tensor forward(Tensor spatial, Tensor context) {
      Tensor features = conv.forward(torch.cat(new TensorVector(spatial, context), 1));
      Tensor weights = torch.sigmoid(second.forward(torch.relu(first.forward(mean(features)))));
      return features.mul(weights).add(features);
    }
  }

  /** Logits of each label. */
  private static final class Output {
    private final ConvNorm conv;
    private final Conv2d out;

    Output(Weights w, long in, long inner, long labels) {
      conv = new ConvNorm(w.at("conv"), in, inner, 3);
      out = Conv2d.withoutBias(w.at("conv_out"), inner, labels, 1, 1, 0);
    }

    Tensor forward(Tensor x) {
      return out.forward(conv.forward(x));
    }
  }

  /** The ResNet-18 without its classifier. */
  private static final class Resnet {
    private static final int LEVELS = 4;

    private final Conv2d conv;
    private final Norm norm;
    private final List<List<BasicBlock>> levels = new ArrayList<>();

    Resnet(Weights w, long width) {
      conv = Conv2d.withoutBias(w.at("conv1"), 3, width, 7, 2, 3);
      norm = new Norm(w.at("bn1"), width);
      for (int level = 0; level < LEVELS; level++) {
        long out = width << level;
        long in = level == 0 ? width : out / 2;
        Weights blocks = w.at("layer" + (level + 1));
        levels.add(List.of(
            new BasicBlock(blocks.at(0), in, out, level == 0 ? 1 : 2),
            new BasicBlock(blocks.at(1), out, out, 1)));
      }
    }

    /** Returns the features of the last three levels. */
    List<Tensor> forward(Tensor pixels) {
      Tensor x = torch.relu(norm.forward(conv.forward(pixels)));
      x = torch.max_pool2d(
          x, new long[] {3, 3}, new long[] {2, 2}, new long[] {1, 1}, new long[] {1, 1}, false);
      List<Tensor> features = new ArrayList<>();
      for (List<BasicBlock> level : levels) {
        for (BasicBlock block : level) {
          x = block.forward(x);
        }
        features.add(x);
      }
      return features.subList(1, LEVELS);
    }
  }

  /** A residual block of two convolutions. */
  private static final class BasicBlock {
    private final Conv2d conv1;
    private final Norm norm1;
    private final Conv2d conv2;
    private final Norm norm2;
    private final Conv2d shortcut;
    private final Norm shortcutNorm;

    BasicBlock(Weights w, long in, long out, int stride) {
      conv1 = Conv2d.withoutBias(w.at("conv1"), in, out, 3, stride, 1);
      norm1 = new Norm(w.at("bn1"), out);
      conv2 = Conv2d.withoutBias(w.at("conv2"), out, out, 3, 1, 1);
      norm2 = new Norm(w.at("bn2"), out);
      boolean changes = in != out || stride != 1;
      shortcut = changes ? Conv2d.withoutBias(w.at("downsample.0"), in, out, 1, stride, 0) : null;
      shortcutNorm = changes ? new Norm(w.at("downsample.1"), out) : null;
    }

    Tensor forward(Tensor x) {
      Tensor residual = norm2.forward(conv2.forward(torch.relu(norm1.forward(conv1.forward(x)))));
      Tensor direct = shortcut == null ? x : shortcutNorm.forward(shortcut.forward(x));
      return torch.relu(direct.add(residual));
    }
  }

  /**
   * The sizes of a network.
   *
   * @param width channels of the first convolution
   */
  record Shape(int width, int labels) {
    /**
     * Reads the sizes from a file.
     *
     * @throws dev.likeness.diffusion.error.InvalidInputException if a tensor is missing
     */
    static Shape of(TensorNames keys) {
      ShapeReader shapes = new ShapeReader(keys, "", "face parser (BiSeNet)");
      return new Shape(
          shapes.size("cp.resnet.conv1.weight", 0), shapes.size("conv_out.conv_out.weight", 0));
    }
  }
}
