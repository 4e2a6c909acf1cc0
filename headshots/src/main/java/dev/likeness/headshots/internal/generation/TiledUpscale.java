package dev.likeness.headshots.internal.generation;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.model.ModelExtras;
import dev.likeness.diffusion.internal.sampling.EngineHooks;
import dev.likeness.diffusion.internal.sampling.StepListener;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.GenerationHooks;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.headshots.shoot.Upscaler;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Brings an image to sizes that the base does not know: twice as large again and again, each time
 * drawn over with what was asked and the person attached, through windows of the base's own size.
 * The further, the less is drawn anew: what a window shows by then is a part of a face, which the
 * words do not speak of. A base that knows images of whole heads alone draws a head into every
 * window by 0.1 of its steps; its folder declares less ({@link ModelExtras.Upscaling}).
 */
public final class TiledUpscale {
  /** Up to this many times its own size a base draws at once. */
  static final double MAX_UNTILED_SCALE = 1.5;

  private static final double STRENGTH_FACTOR = 0.5;
  /**
   * How many steps a pass makes at least: the last one alone begins with hardly any noise, and
   * draws nothing.
   */
  private static final int MIN_STEPS = 2;

  private TiledUpscale() {}

  /** Whether images of {@code size} pixels a side are larger than the base draws at once. */
  public static boolean isNeeded(BaseModel base, int size) {
    return size > MAX_UNTILED_SCALE * base.defaults().width();
  }

  /**
   * Refuses a size that the base cannot draw.
   *
   * @param size pixels a side, or 0 for the base's own
   * @throws InvalidInputException when it is no multiple of what the base draws, or wants windows
   *     and the network sees none
   */
  static void requireValidSize(BaseModel base, int size) {
    if (size % base.sizeMultiple() != 0) {
      throw new InvalidInputException("size " + size + " is no multiple of " + base.sizeMultiple()
          + ", as images of " + base.name() + " are; ask for "
          + Math.max(1, size / base.sizeMultiple()) * base.sizeMultiple());
    }
    requireTiledSampling(base, size);
  }

  /** Refuses sizes that want windows where the base's network sees none. */
  static void requireTiledSampling(BaseModel base, int size) {
    if (isNeeded(base, size) && !base.canSampleTiled()) {
      int most = (int) (MAX_UNTILED_SCALE * base.defaults().width())
          / base.sizeMultiple()
          * base.sizeMultiple();
      throw new InvalidInputException(
          "size " + size + " would be drawn through windows, and the network of " + base.name()
              + " sees whole images alone; ask for " + most
              + " at most, or enlarge by an upscaler afterwards");
    }
  }

  /**
   * The image at {@code width} by {@code height} pixels, multiples of what the base draws.
   *
   * @param request what it was drawn by, person and all
   * @param enlarger what is drawn over
   */
  static RgbImage upscale(
      BaseModel base,
      ImageRequest request,
      RgbImage image,
      int width,
      int height,
      Upscaler enlarger,
      Progress progress,
      Cancellation cancellation) {
    Inpainting.WholeImage.require(request.adapters(), "an enlargement");
    int factor = base.unwrap(OpenModel.class).autoencoder().vaeScaleFactor();
    int window = base.defaults().width() / factor;
    // Listeners of the shoot count its own steps alone.
    GenerationHooks quiet = request
        .hooks()
        .onStep(null)
        .engine(EngineHooks.of(request.hooks()).withListener(() -> StepListener.NONE));
    ModelExtras.Upscaling by = base.unwrap(ModelExtras.class).upscaling();
    // What leads an image would look at all windows at once, and keep the way back through each.
    ImageRequest asked =
        by.scheduler().map(request::scheduler).orElse(request).withoutGradientGuidance();
    RgbImage larger = image;
    double strength = by.strength();
    while (larger.width() < width || larger.height() < height) {
      int wider = Math.min(width, 2 * larger.width());
      int higher = Math.min(height, 2 * larger.height());
      RgbImage enlarged = enlarger.upscale(larger, wider, higher);
      int steps = steps(by.requestedSteps() ? Inpainting.steps(base, request) : 0, strength);
      ImageRequest over = asked
          .noise(null)
          .hires(null)
          .count(1)
          .size(wider, higher)
          .hooks(quiet)
          .tiling(request.tiling().windows(window, window * 3 / 4))
          .steps(steps)
          .initialImage(InitialImage.of(enlarged).strength(strength));
      RgbImage drawn = base.generate(over, progress, cancellation).get(0).image();
      // Where the base samples what there was no better, only finer detail is taken.
      larger = by.keepColours()
          ? ColourCorrection.correct(enlarged, drawn, larger.width(), larger.height())
          : ColourCorrection.correct(
              enlarged, drawn, ColourCorrection.GRID_CELLS, ColourCorrection.GRID_CELLS);
      strength *= STRENGTH_FACTOR;
    }
    return larger;
  }

  /**
   * How many to plan of which {@code strength} is drawn: as many as were asked for, but so many
   * that it comes to {@link #MIN_STEPS}.
   */
  static int steps(int asked, double strength) {
    return Math.max(asked, (int) Math.ceil((MIN_STEPS + 0.5) / strength));
  }

  /**
   * Gives an image that was drawn over in windows the colours back that it had, as finely as is
   * asked: on {@code portrait} they were seen to pale with every doubling.
   */
  static final class ColourCorrection {
    /** So many parts across an image are smaller than an eye on a headshot. */
    static final int GRID_CELLS = 32;

    private ColourCorrection() {}

    /**
     * {@code drawn} with the mean colours of {@code before} in each of so many parts across and
     * down; whatever is finer stays as drawn.
     */
    static RgbImage correct(RgbImage before, RgbImage drawn, int across, int down) {
      try (TensorScope scope = TensorScope.open()) {
        Tensor image = ImageTensors.toSigned(drawn);
        Tensor lost = torch
            .adaptive_avg_pool2d(ImageTensors.toSigned(before), down, across)
            .sub(torch.adaptive_avg_pool2d(image, down, across));
        Tensor smooth = torch.upsample_bilinear2d(
            lost,
            new long[] {image.size(2), image.size(3)},
            false,
            new DoubleOptional(),
            new DoubleOptional());
        return ImageTensors.toImage(ImageTensors.toUnit(image.add(smooth)));
      }
    }
  }
}
