package dev.likeness.diffusion.internal.nn.unet;

import dev.likeness.diffusion.internal.nn.ResnetBlock;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.nn.Weights;
import org.bytedeco.pytorch.Tensor;

/**
 * The mid block of the UNet: a residual block, attention to the text, and a residual block; or the
 * first only.
 */
public final class MidBlock {
  private final ResnetBlock first;
  private final SpatialTransformer attention;
  private final ResnetBlock second;

  public MidBlock(Weights w, UNetConfig config, UNetOptions options) {
    UNetConfig.Level level = config.levels().get(config.levels().size() - 1);
    first = resnet(w.at("resnets.0"), config, level.channels());
    boolean whole = config.mid().transformers() > 0;
    attention = whole
        ? new SpatialTransformer(
            w.at("attentions.0"), config, options, level, config.mid().transformers(), false)
        : null;
    second = whole ? resnet(w.at("resnets.1"), config, level.channels()) : null;
  }

  private static ResnetBlock resnet(Weights w, UNetConfig config, int channels) {
    return UNetLayers.resnet(w, channels, channels, config, config.mid().scale());
  }

  public Tensor forward(Tensor x, Tensor time, AttentionContext context, SegmentRunner segments) {
    if (attention == null) {
      return segments.run(in -> first.forward(in[0], in[1]), x, time);
    }
    Tensor h = segments.run(
        in -> attention.forward(first.forward(in[0], in[1]), context.forTokens(in[2])),
        x,
        time,
        context.tokens());
    return segments.run(in -> second.forward(in[0], in[1]), h, time);
  }
}
