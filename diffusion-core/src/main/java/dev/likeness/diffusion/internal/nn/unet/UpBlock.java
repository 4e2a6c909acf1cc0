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
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** An up block of the UNet: residual blocks with skip connections, then upsampling by two. */
public final class UpBlock {
  private final List<ResnetBlock> resnets = new ArrayList<>();
  private final List<SpatialTransformer> attentions = new ArrayList<>();
  private final Conv2d upsampler;

  /**
   * Reads the block; {@code index} is its index in {@code up_blocks}, from the lowest resolution.
   */
  public UpBlock(Weights w, UNetConfig config, int index) {
    int levels = config.levels().size();
    int here = levels - 1 - index;
    UNetConfig.Level level = config.levels().get(here);
    int out = level.channels();
    int below = config.levels().get(Math.min(here + 1, levels - 1)).channels();
    int above = config.levels().get(Math.max(here - 1, 0)).channels();
    for (int i = 0; i <= level.layers(); i++) {
      int skip = i == level.layers() ? above : out;
      resnets.add(new ResnetBlock(
          w.at("resnets").at(i),
          (i == 0 ? below : out) + skip,
          out,
          config.timeWidth(),
          config.groups(),
          config.eps(),
          config.activation(),
          1));
      if (level.hasUpAttention()) {
        attentions.add(new SpatialTransformer(
            w.at("attentions").at(i),
            config,
            level,
            level.transformers(),
            level.onlyCrossAttention()));
      }
    }
    upsampler = here == 0 ? null : new Conv2d(w.at("upsamplers.0.conv"), out, out, 3);
  }

  /** Returns the block's output, freeing {@code x}; takes its layers' skips off the stack. */
  public Tensor forward(
      Tensor x,
      Tensor time,
      AttentionContext context,
      Deque<Tensor> skips,
      SegmentRunner segments) {
    x = layers(0, resnets.size(), x, time, context, skips, segments);
    if (upsampler != null) {
      try (TensorScope layer = TensorScope.open()) {
        // After an odd size was halved, upsampling restores the size of the skip connection.
        Tensor like = skips.peek();
        long[] size = {like.size(2), like.size(3)};
        boolean twice = size[0] == 2 * x.size(2) && size[1] == 2 * x.size(3);
        x = layer.replace(
            x,
            segments.run(
                in -> twice
                    ? upsampler.forwardUpsampled(in[0])
                    : upsampler.forward(torch.upsample_nearest2d(in[0], size)),
                x));
      }
    }
    return x;
  }

  public int layers() {
    return resnets.size();
  }

  /** Applies the layers of a range, freeing {@code x}. */
  public Tensor layers(
      int from,
      int to,
      Tensor x,
      Tensor time,
      AttentionContext context,
      Deque<Tensor> skips,
      SegmentRunner segments) {
    for (int i = from; i < to; i++) {
      int at = i;
      try (TensorScope layer = TensorScope.open()) {
        x = layer.replace(
            x, segments.run(in -> layer(at, context, in), x, skips.pop(), time, context.tokens()));
      }
    }
    return x;
  }

  /** Applies layer {@code i} to features, skip connection, time embedding and text. */
  private Tensor layer(int i, AttentionContext context, Tensor... in) {
    Tensor h = resnets.get(i).forward(torch.cat(new TensorVector(in[0], in[1]), 1), in[2]);
    return attentions.isEmpty() ? h : attentions.get(i).forward(h, context.forTokens(in[3]));
  }
}
