package dev.likeness.lora;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.model.StableDiffusion;
import dev.likeness.diffusion.tensor.Images;
import dev.likeness.diffusion.tensor.TensorRegion;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.vae.LatentDistribution;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Pictures as the autoencoder knows them: encoded once, drawn anew in each step. f32 on the CPU, owned by a region. */
final class CachedLatents {
  private final TensorRegion region;
  private final List<LatentDistribution> plain = new ArrayList<>();
  private final List<LatentDistribution> mirrored = new ArrayList<>();

  CachedLatents(TensorRegion region) {
    this.region = region;
  }

  int count() {
    return plain.size();
  }

  /** [channels, h, w] of one picture's latents. */
  long[] shape() {
    Tensor mean = plain.get(0).mean();
    return new long[] {mean.size(1), mean.size(2), mean.size(3)};
  }

  /** Encodes a picture, and its mirror image where it may be shown. */
  void add(Picture picture, StableDiffusion model, boolean flip) {
    try (TensorScope scope = TensorScope.open(); NoGradGuard guard = new NoGradGuard()) {
      Tensor pixels = Images.toSigned(picture);
      plain.add(encoded(pixels, model));
      if (flip) {
        mirrored.add(encoded(pixels.flip(3), model));
      }
    }
  }

  /** Takes in latents that are known exactly, [channels, h, w] by rows, at the diffusion model's scale. */
  void add(float[] latents, long... shape) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor known = torch.tensor(latents).view(1, shape[0], shape[1], shape[2]);
      plain.add(new LatentDistribution(region.keep(known), null, 1, 0));
    }
  }

  /**
   * Latents [batch, channels, h, w] of a draw's pictures, the first {@code count} from {@code own}, the rest from
   * {@code others}; {@code noise} is standard normal and of that shape.
   */
  static Tensor draw(StepDraw draw, Tensor noise, int count, CachedLatents own, CachedLatents others) {
    TensorVector batch = new TensorVector();
    for (int i = 0; i < draw.pictures().length; i++) {
      CachedLatents source = i < count ? own : others;
      batch.push_back(source.picture(draw.pictures()[i], draw.mirrored()[i]).draw(noise.narrow(0, i, 1)));
    }
    return torch.cat(batch, 0);
  }

  private LatentDistribution picture(int index, boolean mirror) {
    return (mirror && !mirrored.isEmpty() ? mirrored : plain).get(index);
  }

  private LatentDistribution encoded(Tensor pixels, StableDiffusion model) {
    LatentDistribution d = model.autoencoder().encode(model.compute().place(pixels));
    Tensor logVariance = d.logVariance() == null ? null : kept(d.logVariance());
    return new LatentDistribution(kept(d.mean()), logVariance, d.scale(), d.shift());
  }

  private Tensor kept(Tensor tensor) {
    return region.keep(tensor.cpu().to(ScalarType.Float).contiguous());
  }
}
