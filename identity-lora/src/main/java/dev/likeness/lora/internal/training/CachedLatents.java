package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.vae.LatentDistribution;
import dev.likeness.lora.training.LoraTraining;
import dev.likeness.lora.training.TrainingExample;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Images as the autoencoder knows them: encoded once, sampled again in each step. f32 on the CPU,
 * owned by a region.
 */
final class CachedLatents {
  private final TensorRegion region;
  private final List<LatentDistribution> plain = new ArrayList<>();
  private final List<LatentDistribution> mirrored = new ArrayList<>();
  private final List<Tensor> focus = new ArrayList<>();
  private final List<Tensor> masks = new ArrayList<>();

  CachedLatents(TensorRegion region) {
    this.region = region;
  }

  int count() {
    return plain.size();
  }

  /** Whether any image says what of it is not learnt. */
  boolean hasMasks() {
    return masks.stream().anyMatch(mask -> mask != null);
  }

  /** [channels, h, w] of one image's latents. */
  long[] shape() {
    Tensor mean = plain.get(0).mean();
    return new long[] {mean.size(1), mean.size(2), mean.size(3)};
  }

  /**
   * Encodes an image, and its mirror image where it is used; {@code factor} is pixels along a
   * latent's side.
   */
  void add(TrainingExample image, LatentDiskCache files, int factor, LoraTraining settings) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      plain.add(keep(files.get(image.image(), false)));
      if (settings.randomFlip()) {
        mirrored.add(keep(files.get(image.image(), true)));
      }
      masks.add(image
          .mask()
          .map(mask -> region.keep(plain(maskWeights(mask, factor))))
          .orElse(null));
      focus.add(
          region.keep(plain(focus(image, factor, settings.optimizerOptions().focusWeight()))));
    }
  }

  /**
   * How much each place of the latents counts [1, 1, h, w], 1 on average; a place in the focus,
   * wholly or in part.
   */
  private static Tensor focus(TrainingExample image, int factor, double weight) {
    Tensor map = torch.ones(1, 1, image.image().height() / factor, image.image().width() / factor);
    image.focus().ifPresent(area -> {
      int[] rows = cellRange(area.top(), area.height(), factor, (int) map.size(2));
      int[] columns = cellRange(area.left(), area.width(), factor, (int) map.size(3));
      map.narrow(2, rows[0], rows[1]).narrow(3, columns[0], columns[1]).fill_(new Scalar(weight));
    });
    return map.div(map.mean());
  }

  /**
   * The first place and the number of those that {@code length} pixels from {@code start} on touch,
   * one at least.
   */
  static int[] cellRange(int start, int length, int factor, int all) {
    int first = Math.min(start / factor, all - 1);
    int end = Math.min((start + length + factor - 1) / factor, all);
    return new int[] {first, Math.max(end - first, 1)};
  }

  /** The share of white at each place of the latents [1, 1, h, w]. */
  private static Tensor maskWeights(RgbImage mask, int factor) {
    return torch.adaptive_avg_pool2d(
        ImageTensors.toUnit(mask).narrow(1, 0, 1), mask.height() / factor, mask.width() / factor);
  }

  /**
   * What each place counts in a batch's images [batch, 1, h, w]; class images count alike
   * everywhere.
   */
  Tensor focus(BatchSampler.StepSample draw, int count) {
    return batchMaps(focus, draw, count);
  }

  /**
   * What of each place is trained in a batch's images [batch, 1, h, w], 0 to 1; of class images
   * everything.
   */
  Tensor masks(BatchSampler.StepSample draw, int count) {
    return batchMaps(masks, draw, count);
  }

  private Tensor batchMaps(List<Tensor> maps, BatchSampler.StepSample draw, int count) {
    long[] shape = shape();
    TensorVector batch = new TensorVector();
    for (int i = 0; i < draw.images().length; i++) {
      Tensor map = i < count ? maps.get(draw.images()[i]) : null;
      boolean mirror = map != null && draw.mirrored()[i] && !mirrored.isEmpty();
      batch.push_back(
          map == null ? torch.ones(1, 1, shape[1], shape[2]) : mirror ? map.flip(3) : map);
    }
    return torch.cat(batch, 0);
  }

  /**
   * Takes in latents that are known exactly, [channels, h, w] by rows, at the diffusion model's
   * scale.
   */
  void add(float[] latents, long... shape) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor known = torch.tensor(latents).view(1, shape[0], shape[1], shape[2]);
      plain.add(new LatentDistribution(region.keep(known), null, 1, 0));
    }
  }

  /**
   * All latents as they are known [images, channels, h, w], without mirror images; owned by the
   * calling scope.
   */
  Tensor means() {
    TensorVector all = new TensorVector();
    plain.forEach(each -> all.push_back(each.mean()));
    return torch.cat(all, 0);
  }

  /**
   * Latents [batch, channels, h, w] of a batch's images, the first {@code count} from {@code own},
   * the rest from {@code others}; {@code noise} is standard normal and of that shape.
   */
  static Tensor sample(
      BatchSampler.StepSample draw,
      Tensor noise,
      int count,
      CachedLatents own,
      CachedLatents others) {
    TensorVector batch = new TensorVector();
    for (int i = 0; i < draw.images().length; i++) {
      CachedLatents source = i < count ? own : others;
      batch.push_back(
          source.distribution(draw.images()[i], draw.mirrored()[i]).sample(noise.narrow(0, i, 1)));
    }
    return torch.cat(batch, 0);
  }

  private LatentDistribution distribution(int index, boolean mirror) {
    return (mirror && !mirrored.isEmpty() ? mirrored : plain).get(index);
  }

  private LatentDistribution keep(LatentDistribution d) {
    return new LatentDistribution(
        region.keep(d.mean()),
        d.logVariance() == null ? null : region.keep(d.logVariance()),
        d.scalingFactor(),
        d.shiftFactor());
  }

  /** f32 on the CPU, in order. */
  static Tensor plain(Tensor tensor) {
    return tensor.cpu().to(ScalarType.Float).contiguous();
  }
}
