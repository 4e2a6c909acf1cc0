package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.vae.Autoencoder.LatentDistribution;
import dev.likeness.lora.training.TrainingExample;
import dev.likeness.lora.training.TrainingSettings;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The encoded images of a training. Each image is encoded once to a distribution, which every step
 * samples, or whose mode it takes. f32 on the CPU; a region owns the tensors.
 */
final class CachedLatents {
  private final TensorRegion region;
  private final boolean usesMode;
  private final List<LatentDistribution> plain = new ArrayList<>();
  private final List<LatentDistribution> mirrored = new ArrayList<>();
  private final List<Tensor> focus = new ArrayList<>();
  private final List<Tensor> masks = new ArrayList<>();

  /** Creates an empty list; {@code usesMode} as in {@link TrainingTarget#usesMode}. */
  CachedLatents(TensorRegion region, boolean usesMode) {
    this.region = region;
    this.usesMode = usesMode;
  }

  int count() {
    return plain.size();
  }

  /** Returns true if any image has a loss mask. */
  boolean hasMasks() {
    return masks.stream().anyMatch(mask -> mask != null);
  }

  /** Returns the shape [channels, h, w] of one image's latents. */
  long[] shape() {
    Tensor mean = plain.get(0).mean();
    return new long[] {mean.size(1), mean.size(2), mean.size(3)};
  }

  /**
   * Encodes an image, and its mirror image if random flips are on.
   *
   * @param factor pixels of the image per latent, along one side
   */
  void add(TrainingExample image, LatentDiskCache files, int factor, TrainingSettings settings) {
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
      focus.add(region.keep(plain(focus(image, factor, settings.focusWeight()))));
    }
  }

  /**
   * Returns the loss weights [1, 1, h, w] of the latents of an image, with mean 1. A latent that
   * touches the focus area has the higher weight.
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
   * Returns the index of the first latent, and the number of latents (at least one), that
   * {@code length} pixels from {@code start} touch.
   */
  static int[] cellRange(int start, int length, int factor, int all) {
    int first = Math.min(start / factor, all - 1);
    int end = Math.min((start + length + factor - 1) / factor, all);
    return new int[] {first, Math.max(end - first, 1)};
  }

  /** Returns the share of white at each latent [1, 1, h, w]. */
  private static Tensor maskWeights(RgbImage mask, int factor) {
    return torch.adaptive_avg_pool2d(
        ImageTensors.toUnit(mask).narrow(1, 0, 1), mask.height() / factor, mask.width() / factor);
  }

  /** Returns the loss weights of a batch [batch, 1, h, w]; class images have uniform weights. */
  Tensor focus(BatchSampler.BatchSample sampled, int count) {
    return batchMaps(focus, sampled, count);
  }

  /** Returns the loss masks of a batch [batch, 1, h, w], 0 to 1; class images have 1 everywhere. */
  Tensor masks(BatchSampler.BatchSample sampled, int count) {
    return batchMaps(masks, sampled, count);
  }

  private Tensor batchMaps(List<Tensor> maps, BatchSampler.BatchSample sampled, int count) {
    long[] shape = shape();
    TensorVector batch = new TensorVector();
    for (int i = 0; i < sampled.images().length; i++) {
      Tensor map = i < count ? maps.get(sampled.images()[i]) : null;
      boolean mirror = map != null && sampled.mirrored()[i] && !mirrored.isEmpty();
      batch.push_back(
          map == null ? torch.ones(1, 1, shape[1], shape[2]) : mirror ? map.flip(3) : map);
    }
    return torch.cat(batch, 0);
  }

  /** Adds exact latents [channels, h, w] in row order, at the scale of the denoising network. */
  void add(float[] latents, long... shape) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor known = torch.tensor(latents).view(1, shape[0], shape[1], shape[2]);
      plain.add(new LatentDistribution(region.keep(known), null, 1, 0));
    }
  }

  /**
   * Returns the means of all latents [images, channels, h, w], without mirror images. The calling
   * scope owns them.
   */
  Tensor means() {
    TensorVector all = new TensorVector();
    plain.forEach(each -> all.push_back(each.mean()));
    return torch.cat(all, 0);
  }

  /**
   * Samples the latents [batch, channels, h, w] of a batch: the first {@code count} from
   * {@code own}, the rest from {@code others}. {@code noise} is standard normal and has the same
   * shape.
   */
  static Tensor sample(
      BatchSampler.BatchSample sampled,
      Tensor noise,
      int count,
      CachedLatents own,
      CachedLatents others) {
    TensorVector batch = new TensorVector();
    for (int i = 0; i < sampled.images().length; i++) {
      CachedLatents source = i < count ? own : others;
      batch.push_back(source
          .distribution(sampled.images()[i], sampled.mirrored()[i])
          .sample(noise.narrow(0, i, 1)));
    }
    return torch.cat(batch, 0);
  }

  private LatentDistribution distribution(int index, boolean mirror) {
    return (mirror && !mirrored.isEmpty() ? mirrored : plain).get(index);
  }

  private LatentDistribution keep(LatentDistribution d) {
    return new LatentDistribution(
        region.keep(d.mean()),
        d.logVariance() == null || usesMode ? null : region.keep(d.logVariance()),
        d.scalingFactor(),
        d.shiftFactor());
  }

  /** Returns the tensor in f32 on the CPU, contiguous. */
  static Tensor plain(Tensor tensor) {
    return tensor.cpu().to(ScalarType.Float).contiguous();
  }
}
