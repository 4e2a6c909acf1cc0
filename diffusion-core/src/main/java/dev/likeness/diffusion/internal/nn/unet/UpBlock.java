package dev.likeness.diffusion.internal.nn.unet;

import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.ResnetBlock;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.GuidanceOptions;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** An up block of the UNet: residual blocks with skip connections, then upsampling by two. */
public final class UpBlock {
  private final List<ResnetBlock> resnets = new ArrayList<>();
  private final List<SpatialTransformer> attentions = new ArrayList<>();
  private final Conv2d upsampler;
  private final FeatureFactors freeU;

  /**
   * Reads the block; {@code index} is its index in {@code up_blocks}, from the lowest resolution.
   */
  public UpBlock(Weights w, UNetConfig config, UNetOptions options, int index) {
    int levels = config.levels().size();
    int here = levels - 1 - index;
    UNetConfig.Level level = config.levels().get(here);
    int out = level.channels();
    int below = config.levels().get(Math.min(here + 1, levels - 1)).channels();
    int above = config.levels().get(Math.max(here - 1, 0)).channels();
    for (int i = 0; i <= level.layers(); i++) {
      int skip = i == level.layers() ? above : out;
      resnets.add(
          UNetLayers.resnet(w.at("resnets").at(i), (i == 0 ? below : out) + skip, out, config, 1));
      if (level.hasUpAttention()) {
        attentions.add(UNetLayers.attention(w.at("attentions").at(i), config, options, level));
      }
    }
    freeU = FeatureFactors.of(options.freeU(), index);
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
    Tensor both = freeU == null
        ? torch.cat(new TensorVector(in[0], in[1]), 1)
        : torch.cat(new TensorVector(freeU.backbone(in[0]), freeU.skip(in[1])), 1);
    Tensor h = resnets.get(i).forward(both, in[2]);
    return attentions.isEmpty() ? h : attentions.get(i).forward(h, context.forTokens(in[3]));
  }

  /**
   * FreeU in one up block (Si et al. 2023, arXiv:2309.11497); diffusers' {@code apply_freeu} and
   * {@code fourier_filter}.
   *
   * @param backbone the factor of the first half of the block's own channels
   * @param skip the factor of the lowest frequencies of skip connections
   */
  private record FeatureFactors(double backbone, double skip) {
    /** The factors of an up block; null for none. Only the first two blocks have some. */
    static FeatureFactors of(GuidanceOptions.FreeU options, int index) {
      return options == null || index > 1
          ? null
          : index == 0
              ? new FeatureFactors(options.b1(), options.s1())
              : new FeatureFactors(options.b2(), options.s2());
    }

    Tensor backbone(Tensor x) {
      long half = x.size(1) / 2;
      return torch.cat(
          new TensorVector(
              x.narrow(1, 0, half).mul(new Scalar(backbone)), x.narrow(1, half, x.size(1) - half)),
          1);
    }

    /** Scales the frequencies 0 and -1 of both directions, which are the centre of the shifted. */
    Tensor skip(Tensor x) {
      Tensor frequencies = torch.fft_fft2(x.to(ScalarType.Float));
      long height = x.size(2);
      long width = x.size(3);
      Tensor factors = x.new_ones(new long[] {height, width}).to(ScalarType.Float);
      for (long row : new long[] {0, height - 1}) {
        for (long column : new long[] {0, width - 1}) {
          factors.narrow(0, row, 1).narrow(1, column, 1).fill_(new Scalar(skip));
        }
      }
      return torch.real(torch.fft_ifft2(frequencies.mul(factors))).to(x.scalar_type());
    }
  }
}
