package dev.likeness.diffusion;

import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.model.AutoencoderFile;
import dev.likeness.diffusion.sampling.NoisePredictor;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.Images;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.schedulers.Scaling;
import dev.likeness.schedulers.Step;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Shows a run's pictures on their way: at a row of the plan, what the network takes the finished pictures to be, decoded by
 * a small autoencoder such as TAESD. It needs no gradient and changes nothing in the run. Thread-safe; to be closed after
 * the last run.
 */
public final class Previews implements AutoCloseable {
  private final Path file;
  private final AutoencoderFile autoencoder;

  private Previews(Path file, AutoencoderFile autoencoder) {
    this.file = file;
    this.autoencoder = autoencoder;
  }

  /** Is shown the pictures of a batch on their way. */
  @FunctionalInterface
  public interface Listener {
    /**
     * A row of the plan has been answered.
     *
     * @param row from 1; solvers that ask the network several times in a step have several rows for it
     * @param pictures one for each picture of the batch, of the size that the run draws
     */
    void onPreview(int row, List<Picture> pictures);
  }

  /**
   * Opens a small autoencoder of the base's family: a folder with its config, or a file.
   *
   * @throws UnusableInput when there is none, or of a kind that is not supported
   */
  public static Previews open(Path file, Compute compute) {
    return new Previews(file, AutoencoderFile.open(file, compute));
  }

  /**
   * The request with its pictures shown after every so many rows, the first included. It keeps its other joints.
   *
   * @param every at least 1
   */
  public ImageRequest on(ImageRequest request, int every, Listener listener) {
    if (every < 1) {
      throw new IllegalArgumentException("a preview after every " + every + " rows; give at least 1");
    }
    Joints own = request.joints();
    return request.joints(new Joints(own.scheduler(), network -> watched(own.network().apply(network), every, listener),
        own.listener(), own.runner()));
  }

  private NoisePredictor watched(NoisePredictor network, int every, Listener listener) {
    return (input, step) -> {
      Tensor answer = network.predict(input, step);
      if (step.index() % every == 0) {
        listener.onPreview(step.index() + 1, pictures(input, answer, step));
      }
      return answer;
    };
  }

  private List<Picture> pictures(Tensor input, Tensor answer, Step step) {
    if (input.size(1) != autoencoder.latentChannels()) {
      throw new UnusableInput(file + " decodes latents of " + autoencoder.latentChannels() + " channels, this base's have "
          + input.size(1) + "; give the small autoencoder of the base's family");
    }
    try (TensorScope scope = TensorScope.open()) {
      Scaling c = step.scaling();
      // A network that predicts its variance too has it in further channels, and an answer without guidance behind.
      Tensor denoised = input.mul(new Scalar(c.skip() / c.in())).add(
          answer.narrow(0, 0, input.size(0)).narrow(1, 0, input.size(1)), new Scalar(c.out()));
      return LongStream.range(0, denoised.size(0)).mapToObj(i -> picture(denoised.narrow(0, i, 1))).toList();
    }
  }

  private Picture picture(Tensor latents) {
    try (TensorScope scope = TensorScope.open()) {
      return Images.toPicture(Images.toUnit(autoencoder.decode(latents)));
    }
  }

  @Override
  public void close() {
    autoencoder.close();
  }
}
