package dev.likeness.diffusion;

import dev.likeness.diffusion.model.ModelFolder;
import dev.likeness.diffusion.model.StableDiffusion;
import dev.likeness.diffusion.progress.Cancellation;
import dev.likeness.diffusion.progress.Progress;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.List;

/**
 * A base model in memory, shared by threads and by persons: requests carry who and what adapts it, and its own tensors
 * are never touched.
 */
public final class BaseModel implements AutoCloseable {
  private final StableDiffusion networks;
  private final Defaults defaults;
  private final String name;

  private BaseModel(StableDiffusion networks, Defaults defaults, String name) {
    this.networks = networks;
    this.defaults = defaults;
    this.name = name;
  }

  /**
   * Opens a diffusers folder.
   *
   * @throws dev.likeness.diffusion.error.UnusableInput when something in it is missing, broken or not supported
   * @throws dev.likeness.diffusion.error.MachineLimit when the device or libtorch's natives are not here
   */
  public static BaseModel open(Path folder, Compute compute) {
    ModelFolder files = ModelFolder.open(folder);
    StableDiffusion networks = StableDiffusion.open(files, compute);
    int side = networks.unetConfig().sampleSize() == 0 ? 64 : networks.unetConfig().sampleSize();
    int pixels = side * networks.autoencoder().factor();
    return new BaseModel(networks, new Defaults(50, 7.5, pixels, pixels), String.valueOf(folder.getFileName()));
  }

  /** What a request gets where it does not say. */
  public Defaults defaults() {
    return defaults;
  }

  /** The networks, for training and for research. */
  public StableDiffusion networks() {
    return networks;
  }

  /** What this model is called: its folder's name. */
  public String name() {
    return name;
  }

  /** Draws one picture. Thread-safe. */
  public GeneratedImage generate(ImageRequest request) {
    return generate(request.count(1), Progress.SILENT, new Cancellation()).get(0);
  }

  /** Draws all pictures of a request, telling {@code progress} of each step. Thread-safe. */
  public List<GeneratedImage> generate(ImageRequest request, Progress progress, Cancellation cancellation) {
    return progress.around(() -> new TextToImage(networks, defaults).draw(request, progress, cancellation));
  }

  @Override
  public void close() {
    networks.close();
  }
}
