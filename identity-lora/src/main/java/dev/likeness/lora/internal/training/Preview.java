package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.Conditioning;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Generates the preview images of a training once. */
final class Preview implements TrainingCheckpoint.Stateful, AutoCloseable {
  private static final String DONE_KEY = "likeness.previewed";

  private final int step;
  private final CurrentImages images;
  private final Progress progress;
  private final TensorRegion region = new TensorRegion();
  private @Nullable Conditioning encoded;
  private boolean isDone;

  /**
   * Creates the preview.
   *
   * @param step the number of training steps before the images
   */
  Preview(int step, CurrentImages images, Progress progress) {
    this.step = step;
    this.images = images;
    this.progress = progress;
  }

  /** Encodes the prompts if the images are still to be generated. */
  void encodePrompts(int steps) {
    if (!isDone && steps <= step) {
      encoded = images.encodePrompts(region);
    }
  }

  /**
   * Generates the images and reports them, if they are due after this many steps and were not
   * generated yet. A failure does not end the training.
   *
   * @return true if they were due
   */
  boolean generateIfDue(
      int steps, TrainableNetworks networks, Function<String, Tensor> values, Cancellation stop) {
    if (isDone || steps != step) {
      return false;
    }
    try {
      List<RgbImage> generated = images.generate(encoded, networks, values, stop);
      progress.onEvent(new ProgressEvent.Preview(step, generated, Double.NaN));
    } catch (ResourceLimitException | InvalidInputException e) {
      progress.onEvent(
          new ProgressEvent.Notice("there is no preview of the training: " + e.getMessage()));
    }
    isDone = true;
    return true;
  }

  @Override
  public Map<String, String> metadata() {
    return Map.of(DONE_KEY, Boolean.toString(isDone));
  }

  @Override
  public Map<String, Tensor> tensors() {
    return Map.of();
  }

  @Override
  public void resume(Map<String, String> metadata) {
    isDone = Boolean.parseBoolean(metadata.get(DONE_KEY));
  }

  @Override
  public void resume(String name, Tensor value) {}

  @Override
  public void close() {
    region.close();
  }
}
