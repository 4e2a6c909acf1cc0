package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.GroupNorm;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.unet.AttentionContext;
import dev.likeness.diffusion.internal.nn.unet.DownBlock;
import dev.likeness.diffusion.internal.nn.unet.MidBlock;
import dev.likeness.diffusion.internal.nn.unet.UNetConfig;
import dev.likeness.diffusion.internal.nn.unet.UNetOptions;
import dev.likeness.diffusion.internal.nn.unet.UpBlock;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/**
 * The denoising network of Stable Diffusion 1.x, 2.x and XL (Rombach et al. 2022,
 * arXiv:2112.10752), with the names and numbers of diffusers' {@code UNet2DConditionModel}.
 * Immutable and shared by threads.
 */
public final class UNet2DConditionModel {
  private final UNetConfig config;
  private final UNetEmbedding embedding;
  private final Conv2d convIn;
  private final List<DownBlock> down;
  private final MidBlock mid;
  private final List<UpBlock> up;
  private final GroupNorm normOut;
  private final Conv2d convOut;

  /** Reads a UNet that computes as its weights say. */
  public UNet2DConditionModel(UNetConfig config, Weights w) {
    this(config, UNetOptions.NONE, w);
  }

  /** Reads a UNet with options of sampling. */
  public UNet2DConditionModel(UNetConfig config, UNetOptions options, Weights w) {
    this.config = config;
    int levels = config.levels().size();
    int width = config.levels().get(0).channels();
    convIn = new Conv2d(
        w.at("conv_in"), config.inChannels(), width, config.convolutions().inKernel());
    embedding = new UNetEmbedding(w, config);
    down = IntStream.range(0, levels)
        .mapToObj(i -> new DownBlock(w.at("down_blocks").at(i), config, options, i))
        .toList();
    mid = config.mid().exists() ? new MidBlock(w.at("mid_block"), config, options) : null;
    up = IntStream.range(0, levels)
        .mapToObj(i -> new UpBlock(w.at("up_blocks").at(i), config, options, i))
        .toList();
    normOut = new GroupNorm(w.at("conv_norm_out"), config.groups(), width, config.eps());
    convOut = new Conv2d(
        w.at("conv_out"), width, config.outChannels(), config.convolutions().outKernel());
  }

  public UNetConfig config() {
    return config;
  }

  /**
   * Returns the network's output for noisy latents.
   *
   * @param sample [batch, inChannels, h, w], of the weights' type or f32
   * @param timesteps [batch] or [1], any type; taken as f32
   * @return [batch, outChannels, h, w], f32 for every weight type, because guidance amplifies
   *     rounding; owned by the calling scope
   */
  public Tensor forward(Tensor sample, Tensor timesteps, UNetConditioning conditioning) {
    return forward(sample, timesteps, conditioning, SegmentRunner.current());
  }

  /** Predicts with layers run by {@code segments}. */
  public Tensor forward(
      Tensor sample, Tensor timesteps, UNetConditioning conditioning, SegmentRunner segments) {
    return forward(sample, timesteps, conditioning, null, null, segments);
  }

  /**
   * Predicts with residuals of ControlNets, or null.
   *
   * @param deep the DeepCache, or null
   * @throws IllegalArgumentException if DeepCache has more layers of the first level than the UNet
   */
  public Tensor forward(
      Tensor sample,
      Tensor timesteps,
      UNetConditioning conditioning,
      ControlNetModel.Residuals control,
      DeepCache deep) {
    return forward(sample, timesteps, conditioning, control, deep, SegmentRunner.current());
  }

  private Tensor forward(
      Tensor sample,
      Tensor timesteps,
      UNetConditioning conditioning,
      ControlNetModel.Residuals control,
      DeepCache deep,
      SegmentRunner segments) {
    try (TensorScope call = TensorScope.open()) {
      AttentionContext context = conditioning.attentionContext();
      Deque<Tensor> skips = new ArrayDeque<>();
      Tensor x =
          Conv2d.ImageMemoryFormat.channelsLast(convIn.forwardInF32(sample).to(convIn.type()));
      Tensor time = embedding.forward(x, timesteps, conditioning, null);
      skips.push(x);
      UpBlock last = up.get(up.size() - 1);
      int always = deep == null ? 0 : last.layers() - 1 - shallowLayers(deep);
      if (deep != null && deep.shouldUseCache()) {
        down.get(0).forwardFirst(deep.layers(), x, time, context, skips, segments);
        addResiduals(control, skips);
        x = deep.cached();
      } else {
        x = last.layers(
            0,
            always,
            forwardDeep(x, time, context, skips, control, segments),
            time,
            context,
            skips,
            segments);
        if (deep != null) {
          deep.update(x);
        }
      }
      x = last.layers(always, last.layers(), x, time, context, skips, segments);
      return call.promote(
          convOut.forwardInF32(config.activation().applyInPlace(normOut.forwardInF32(x))));
    }
  }

  /** The encoder, and the decoder without its last block. */
  private Tensor forwardDeep(
      Tensor x,
      Tensor time,
      AttentionContext context,
      Deque<Tensor> skips,
      ControlNetModel.Residuals control,
      SegmentRunner segments) {
    for (DownBlock block : down) {
      x = block.forward(x, time, context, skips, segments);
    }
    x = forwardMid(x, time, context, control, segments);
    addResiduals(control, skips);
    for (UpBlock block : up.subList(0, up.size() - 1)) {
      x = block.forward(x, time, context, skips, segments);
    }
    return x;
  }

  private int shallowLayers(DeepCache deep) {
    int most = down.get(0).layers();
    if (deep.layers() > most) {
      throw new IllegalArgumentException(
          "DeepCache layers must be in 0.." + most + " for this UNet, got " + deep.layers());
    }
    return deep.layers();
  }

  private static void addResiduals(ControlNetModel.Residuals control, Deque<Tensor> skips) {
    if (control != null) {
      Iterator<Tensor> added = control.down().iterator();
      List<Tensor> sums = new ArrayList<>();
      skips.descendingIterator().forEachRemaining(skip -> sums.add(skip.add(added.next())));
      skips.clear();
      sums.forEach(skips::push);
    }
  }

  /** The output of the mid block in a separate tensor, because the decoder frees its input. */
  private Tensor forwardMid(
      Tensor x,
      Tensor time,
      AttentionContext context,
      ControlNetModel.Residuals control,
      SegmentRunner segments) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor y = mid == null ? x.alias() : mid.forward(x, time, context, segments);
      return scope.promote(control == null ? y : y.add(control.mid()));
    }
  }
}
