package dev.likeness.diffusion;

import dev.likeness.diffusion.adapt.Adaptation;
import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.diffusion.model.Flux;
import dev.likeness.diffusion.model.ModelFiles;
import dev.likeness.diffusion.model.Networks;
import dev.likeness.diffusion.model.StableDiffusion;
import dev.likeness.diffusion.model.StableDiffusion3;
import dev.likeness.diffusion.sampling.NoisePredictor;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/** What differs between the families of base models when a picture is drawn; everything else is the pipeline's. */
interface Denoiser {
  Networks model();

  Defaults defaults();

  /** What the sides of a picture are a multiple of, in pixels. */
  int unit();

  /** Whether the network is given each batch twice: first for the negative prompt, then for the prompt. */
  boolean guided(ImageRequest request);

  /** What the scheduler is asked for, of what it would be asked for without regard to the family. */
  PlanRequest planned(PlanRequest plain, ImageRequest request, SchedulerConfig scheduler);

  /** The networks of a request by batch, guidance included. */
  @FunctionalInterface
  interface Batches {
    /** The network for {@code count} pictures on {@code canvas}; it belongs to the scope it is asked for in. */
    NoisePredictor network(int count, Canvas canvas);
  }

  /**
   * What answers a request.
   *
   * @param adaptation what the request adds to each part
   * @param rows how many rows its plan has
   */
  Batches batches(ImageRequest request, Function<Part, Adaptation> adaptation, int rows);

  /** Whether the network is made for inpainting: it is shown the mask and the kept part beside the sample. */
  default boolean showsMask() {
    return false;
  }

  /** Whether an initial picture is shown to the network whole, beside noise alone, rather than drawn over. */
  default boolean edits() {
    return false;
  }

  /** Whether a picture is encoded, and random numbers are drawn for it, even where all of it is drawn anew. */
  default boolean alwaysEncodes() {
    return false;
  }

  /**
   * What an inpainting network is shown beside the sample.
   *
   * @param mask 1 where to draw, [1, 1, height, width] in pixels
   * @param kept latents of the kept part [batch, channels, h, w]
   * @return [batch, any, h, w]
   */
  default Tensor shown(Tensor mask, Tensor kept) {
    throw new IllegalStateException("the network is not shown any mask");
  }

  /** Opens a model of any family. */
  static Denoiser open(ModelFiles files, Compute compute) {
    String transformer = files.componentClass(Part.TRANSFORMER.folder());
    if (transformer == null) {
      return new UNetDenoiser(StableDiffusion.open(files, compute));
    }
    return switch (transformer) {
      case "FluxTransformer2DModel" -> new FluxDenoiser(Flux.open(files, compute));
      case "SD3Transformer2DModel" -> new Sd3Denoiser(StableDiffusion3.open(files, compute));
      default -> throw new UnusableInput(files.describe() + ": its transformer is a " + transformer
          + "; supported: FluxTransformer2DModel, SD3Transformer2DModel");
    };
  }

  /**
   * The same plan begun as the pipelines of transformers begin it: a step that a strength would cut in two is done, where
   * those of UNets leave it out.
   */
  static PlanRequest begun(PlanRequest plain) {
    int n = plain.steps();
    int done = n - (int) Math.max(n - Math.min(n * plain.strength(), n), 0);
    return done == n ? plain.strength(1) : plain.strength((done + 0.5) / n);
  }

  /** A network as it is adapted at each row of a plan; rows that are adapted alike share one. */
  static <N> List<N> views(Adaptation adaptation, int rows, Function<Adaptation, N> build) {
    Map<Adaptation, N> built = new HashMap<>();
    return IntStream.range(0, rows).mapToObj(i -> built.computeIfAbsent(adaptation.at((double) i / rows), build)).toList();
  }
}
