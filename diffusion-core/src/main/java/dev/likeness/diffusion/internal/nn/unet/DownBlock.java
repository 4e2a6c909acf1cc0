package dev.likeness.diffusion.internal.nn.unet;

import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.ResnetBlock;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A down block of the UNet: residual blocks, with attention if the level has it, then downsampling
 * by two.
 */
public final class DownBlock {
  private final List<ResnetBlock> resnets = new ArrayList<>();
  private final List<SpatialTransformer> attentions = new ArrayList<>();
  private final Conv2d downsampler;
  private final boolean padsBefore;

  public DownBlock(Weights w, UNetConfig config, UNetOptions options, int index) {
    UNetConfig.Level level = config.levels().get(index);
    int out = level.channels();
    int in = index == 0 ? out : config.levels().get(index - 1).channels();
    for (int i = 0; i < level.layers(); i++) {
      resnets.add(UNetLayers.resnet(w.at("resnets").at(i), i == 0 ? in : out, out, config, 1));
      if (level.hasAttention()) {
        attentions.add(UNetLayers.attention(w.at("attentions").at(i), config, options, level));
      }
    }
    boolean last = index == config.levels().size() - 1;
    padsBefore = config.convolutions().downsamplePadding() == 0;
    downsampler = last
        ? null
        : new Conv2d(
            w.at("downsamplers.0.conv"), out, out, 3, 2, config.convolutions().downsamplePadding());
  }

  /** Returns the block's output; pushes the output of each layer as a skip connection. */
  public Tensor forward(
      Tensor x,
      Tensor time,
      AttentionContext context,
      Deque<Tensor> skips,
      SegmentRunner segments) {
    x = forwardFirst(resnets.size(), x, time, context, skips, segments);
    if (downsampler != null) {
      x = segments.run(
          in -> downsampler.forward(padsBefore ? torch.pad(in[0], 0, 1, 0, 1) : in[0]), x);
      skips.push(x);
    }
    return x;
  }

  public int layers() {
    return resnets.size();
  }

  /** Applies the first {@code layers} layers, without downsampling. */
  public Tensor forwardFirst(
      int layers,
      Tensor x,
      Tensor time,
      AttentionContext context,
      Deque<Tensor> skips,
      SegmentRunner segments) {
    for (int i = 0; i < layers; i++) {
      int at = i;
      try (TensorScope layer = TensorScope.open()) {
        x = layer.promote(segments.run(
            in -> layer(at, in[0], in[1], context.forTokens(in[2])), x, time, context.tokens()));
      }
      skips.push(x);
    }
    return x;
  }

  private Tensor layer(int i, Tensor x, Tensor time, AttentionContext context) {
    Tensor h = resnets.get(i).forward(x, time);
    return attentions.isEmpty() ? h : attentions.get(i).forward(h, context);
  }
}
