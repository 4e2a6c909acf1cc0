package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.internal.nn.Activation;
import dev.likeness.diffusion.internal.nn.ConditioningEmbedding;
import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.LayerNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.nn.TimestepEmbedding;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.unet.DownBlock;
import dev.likeness.diffusion.internal.nn.unet.MidBlock;
import dev.likeness.diffusion.internal.nn.unet.UNetConfig;
import dev.likeness.diffusion.internal.nn.unet.UNetOptions;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A ControlNet for a UNet: a copy of its encoder that takes a control image and adds residuals
 * (Zhang et al. 2023, arXiv:2302.05543). Names and numbers are those of diffusers'
 * {@code ControlNetModel} and {@code ControlNetUnionModel}. Immutable and shared by threads.
 */
public final class ControlNetModel {
  private final ControlNetConfig config;
  private final UNetEmbedding embedding;
  private final ConditioningEmbedding conditioningEmbedding;
  private final ControlNetUnion union;
  private final Conv2d convIn;
  private final List<DownBlock> down;
  private final MidBlock mid;
  private final List<Conv2d> downOut = new ArrayList<>();
  private final Conv2d midOut;

  public ControlNetModel(ControlNetConfig config, Weights w) {
    this.config = config;
    UNetConfig unet = config.unet();
    int width = unet.levels().get(0).channels();
    int levels = unet.levels().size();
    embedding = new UNetEmbedding(w, unet);
    conditioningEmbedding = new ConditioningEmbedding(
        w.at("controlnet_cond_embedding"),
        config.conditioningChannels(),
        config.conditioningEmbeddingChannels(),
        width);
    union = config.union() == null
        ? null
        : new ControlNetUnion(w, config.union(), width, unet.embedding().width());
    convIn = new Conv2d(
        w.at("conv_in"), unet.inChannels(), width, unet.convolutions().inKernel());
    down = IntStream.range(0, levels)
        .mapToObj(i -> new DownBlock(w.at("down_blocks").at(i), unet, UNetOptions.NONE, i))
        .toList();
    mid = new MidBlock(w.at("mid_block"), unet, UNetOptions.NONE);
    Weights out = w.at("controlnet_down_blocks");
    downOut.add(new Conv2d(out.at(0), width, width, 1));
    for (int i = 0; i < levels; i++) {
      int channels = unet.levels().get(i).channels();
      int left = unet.levels().get(i).layers() + (i == levels - 1 ? 0 : 1);
      for (int j = 0; j < left; j++) {
        downOut.add(new Conv2d(out.at(downOut.size()), channels, channels, 1));
      }
    }
    int deepest = unet.levels().get(levels - 1).channels();
    midOut = new Conv2d(w.at("controlnet_mid_block"), deepest, deepest, 1);
  }

  public ControlNetConfig config() {
    return config;
  }

  /**
   * The conditioning embedding of a control image [1, 3, height, width] in 0..1 for
   * {@link #forward}; owned by the calling scope.
   */
  public Tensor conditioningEmbedding(Tensor image) {
    try (TensorScope call = TensorScope.open()) {
      return call.promote(conditioningEmbedding.forward(config.isBgr() ? image.flip(1) : image));
    }
  }

  /** The conditioning embedding of a union's control image, with its control mode and scale. */
  public Tensor conditioningEmbedding(Tensor image, int kind, double scale) {
    try (TensorScope call = TensorScope.open()) {
      return call.promote(union.addTask(conditioningEmbedding(image), kind, scale));
    }
  }

  /** The embedding of a union's control modes for {@link #forward}; owned by the calling scope. */
  public Tensor modeEmbedding(Collection<Integer> kinds) {
    try (TensorScope call = TensorScope.open()) {
      return call.promote(union.modeEmbedding(kinds));
    }
  }

  /**
   * The residuals for noisy latents; owned by the calling scope.
   *
   * @param sample [batch, inChannels, h, w], without the channels for inpainting
   * @param timesteps [batch] or [1], any type; taken as f32
   * @param controlEmbedding result of {@link #conditioningEmbedding}, [1, any, h, w]; for a union,
   *     the sum over its images
   * @param modeEmbedding result of {@link #modeEmbedding} for a union, else null
   */
  public Residuals forward(
      Tensor sample,
      Tensor timesteps,
      UNetConditioning conditioning,
      Tensor controlEmbedding,
      Tensor modeEmbedding) {
    try (TensorScope call = TensorScope.open()) {
      Tensor time = embedding.forward(sample, timesteps, conditioning, modeEmbedding);
      Deque<Tensor> left = new ArrayDeque<>();
      Tensor x = convIn.forward(sample).add(controlEmbedding);
      left.push(x);
      for (DownBlock block : down) {
        x = block.forward(x, time, conditioning.attentionContext(), left, SegmentRunner.PLAIN);
      }
      List<Tensor> added = new ArrayList<>();
      Iterator<Tensor> first = left.descendingIterator();
      for (Conv2d out : downOut) {
        added.add(call.promote(out.forward(first.next())));
      }
      Tensor bottom = mid.forward(x, time, conditioning.attentionContext(), SegmentRunner.PLAIN);
      return new Residuals(added, call.promote(midOut.forward(bottom)));
    }
  }

  /**
   * The residuals of a ControlNet.
   *
   * @param down residuals for the skip connections of the encoder, in order
   * @param mid residual for the output of the mid block
   */
  public record Residuals(List<Tensor> down, Tensor mid) {
    /** The residuals times {@code scale}. */
    public Residuals scale(double scale) {
      Scalar s = new Scalar(scale);
      return new Residuals(down.stream().map(tensor -> tensor.mul(s)).toList(), mid.mul(s));
    }

    /**
     * The residuals times factors that grow evenly in logarithm from a tenth of {@code scale} for
     * the first to {@code scale} for the mid block; diffusers' {@code guess_mode}.
     */
    public Residuals scaleByDepth(double scale) {
      return new Residuals(
          IntStream.range(0, down.size())
              .mapToObj(i ->
                  down.get(i).mul(new Scalar(scale * Math.pow(10, (double) i / down.size() - 1))))
              .toList(),
          mid.mul(new Scalar(scale)));
    }

    /** The residuals for a batch whose first half gets none. */
    public Residuals afterZeros() {
      return new Residuals(down.stream().map(Residuals::afterZeros).toList(), afterZeros(mid));
    }

    private static Tensor afterZeros(Tensor residual) {
      return torch.cat(new TensorVector(torch.zeros_like(residual), residual), 0);
    }

    /** The sum of two ControlNets' residuals; {@code other} may be null. */
    public Residuals add(Residuals other) {
      if (other == null) {
        return this;
      }
      List<Tensor> sums = new ArrayList<>();
      for (int i = 0; i < down.size(); i++) {
        sums.add(down.get(i).add(other.down.get(i)));
      }
      return new Residuals(sums, mid.add(other.mid));
    }
  }

  /**
   * The additional layers of a union ControlNet, with the names and numbers of diffusers'
   * {@code ControlNetUnionModel}: the control modes are added to the time embedding, and each
   * image's embedding is shifted by a vector of its mean and its mode.
   */
  static final class ControlNetUnion {
    private final ControlNetConfig.Union config;
    private final Tensor taskEmbedding;
    private final List<Layer> transformerLayers;
    private final Linear spatialProjection;
    private final TimestepEmbedding modeEmbedding;

    /**
     * Reads {@code task_embedding}, {@code transformer_layes}, {@code spatial_ch_projs} and
     * {@code control_add_embedding}.
     */
    ControlNetUnion(Weights w, ControlNetConfig.Union config, int width, int timeWidth) {
      this.config = config;
      taskEmbedding = w.tensor("task_embedding", config.modes(), width);
      transformerLayers = IntStream.range(0, config.layers())
          .mapToObj(i -> new Layer(w.at("transformer_layes").at(i), width))
          .toList(); // the published name
      spatialProjection = new Linear(w.at("spatial_ch_projs"), width, width);
      modeEmbedding = new TimestepEmbedding(
          w.at("control_add_embedding"),
          config.modes() * config.sinusoids().width(),
          timeWidth,
          Activation.SILU);
    }

    /**
     * The embedding of the active control modes, [1, timeWidth], which is added to the time
     * embedding.
     */
    Tensor modeEmbedding(Collection<Integer> kinds) {
      Tensor flags = torch.zeros(
          new long[] {config.modes()},
          taskEmbedding.options().dtype(new ScalarTypeOptional(ScalarType.Float)));
      kinds.forEach(kind -> flags.narrow(0, kind, 1).fill_(new Scalar(1.0)));
      return modeEmbedding.forward(
          config.sinusoids().embed(flags).reshape(1, -1).to(taskEmbedding.scalar_type()));
    }

    /** An image's embedding, [1, width, h, w], with its mode's shift, times {@code scale}. */
    Tensor addTask(Tensor embedding, int kind, double scale) {
      Scalar s = new Scalar(scale);
      Tensor x = embedding
          .mean(new long[] {2, 3}, false, null)
          .add(taskEmbedding.narrow(0, kind, 1))
          .mul(s);
      for (Layer layer : transformerLayers) {
        x = layer.forward(x);
      }
      return embedding
          .add(spatialProjection.forward(x).unsqueeze(-1).unsqueeze(-1))
          .mul(s);
    }

    /**
     * A block of the transformer. As in the reference, it attends along the batch. All items of a
     * batch have the same image, so the attention output is a token's own value, whatever queries
     * and keys are.
     */
    private static final class Layer {
      private final LayerNorm norm1;
      private final Tensor weight;
      private final Tensor bias;
      private final Linear out;
      private final LayerNorm norm2;
      private final Linear inner;
      private final Linear outer;

      Layer(Weights w, int width) {
        norm1 = new LayerNorm(w.at("ln_1"), width);
        weight = w.at("attn").tensor("in_proj_weight", 3L * width, width);
        bias = w.at("attn").tensor("in_proj_bias", 3L * width);
        out = new Linear(w.at("attn.out_proj"), width, width);
        norm2 = new LayerNorm(w.at("ln_2"), width);
        inner = new Linear(w.at("mlp.c_fc"), width, 4L * width);
        outer = new Linear(w.at("mlp.c_proj"), 4L * width, width);
      }

      Tensor forward(Tensor x) {
        // Queries and keys precede the values.
        Tensor value = torch.linear(
            norm1.forward(x),
            weight.chunk(3, 0).get(2),
            new TensorOptional(bias.chunk(3, 0).get(2)));
        Tensor y = x.add(out.forward(value));
        return y.add(outer.forward(Activation.QUICK_GELU.apply(inner.forward(norm2.forward(y)))));
      }
    }
  }
}
