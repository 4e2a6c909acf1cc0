package dev.likeness.diffusion;

import dev.likeness.diffusion.internal.family.Capabilities.TiledSampling;
import dev.likeness.diffusion.internal.model.MemoryPlan;
import dev.likeness.diffusion.internal.pipeline.OpenedBase;
import dev.likeness.diffusion.internal.pipeline.Pipeline;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.schedulers.SchedulerConfig;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The properties of a {@link BaseModel}: name and folder, device, sizes, scheduler, and the
 * defaults of requests.
 */
abstract class ModelProperties {
  final OpenedBase opened;
  final Pipeline pipeline;

  ModelProperties(OpenedBase opened) {
    this.opened = opened;
    this.pipeline = opened.pipeline();
  }

  /**
   * {@return a text that says where the weights of each network are kept, one line for each
   * network; empty if no budget was given}
   */
  public Optional<String> memoryPlan() {
    return Optional.ofNullable(opened.plan()).map(MemoryPlan::toString);
  }

  /** {@return the default values of a text-to-image request's options} */
  public GenerationDefaults defaults() {
    return pipeline.defaults();
  }

  /**
   * {@return the default values of a request's options, which depend on its images and ControlNets}
   *
   * @param request the request; its initial image and ControlNets decide some defaults
   */
  public GenerationDefaults defaults(ImageRequest request) {
    return opened.model().defaults(request);
  }

  /**
   * {@return eta for a request: the share of fresh noise in each step, 0..1} Eta is NaN if the
   * request's custom scheduler chooses eta by itself.
   *
   * @param request the request; options that are not set have their default values
   */
  public double eta(ImageRequest request) {
    return pipeline.eta(request);
  }

  /**
   * {@return a number of pixels, at least 1; width and height of an image must be multiples of it}
   */
  public int sizeMultiple() {
    return opened.model().latents().textToImageMultiple();
  }

  /**
   * {@return true if the model supports {@link dev.likeness.diffusion.request.TilingOptions#windows
   * windows over the sample}}
   */
  public boolean canSampleTiled() {
    return opened.model().capability(TiledSampling.class).isPresent();
  }

  /** {@return the device and the element type that the model computes with} */
  public Compute compute() {
    return opened.model().compute();
  }

  /**
   * {@return the scheduler of the model's {@code scheduler_config.json}; the model family's default
   * scheduler if there is no such file}
   */
  public SchedulerConfig scheduler() {
    return opened.model().scheduler();
  }

  /** {@return the name of the model's folder or file} */
  public String name() {
    return opened.name();
  }

  /** {@return the folder that the model was opened from; empty for a single file} */
  public Optional<Path> folder() {
    return opened.extras().folder();
  }
}
