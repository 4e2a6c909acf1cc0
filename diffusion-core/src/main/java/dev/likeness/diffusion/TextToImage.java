package dev.likeness.diffusion;

import dev.likeness.diffusion.adapt.Adaptation;
import dev.likeness.diffusion.adapt.Adapter;
import dev.likeness.diffusion.adapt.Drawing;
import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.model.MemoryPlan;
import dev.likeness.diffusion.model.Networks;
import dev.likeness.diffusion.progress.Cancellation;
import dev.likeness.diffusion.progress.Progress;
import dev.likeness.diffusion.progress.ProgressEvent;
import dev.likeness.diffusion.sampling.NoisePredictor;
import dev.likeness.diffusion.sampling.Sampler;
import dev.likeness.diffusion.tensor.Images;
import dev.likeness.diffusion.tensor.NoiseSource;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.vae.Autoencoder;
import dev.likeness.diffusion.vae.Guarded;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SamplingPlan;
import dev.likeness.schedulers.Scheduler;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * Prompt to pictures: encode, plan, draw noise, sample, decode.
 *
 * @param memory what the model's memory is planned for, or null
 */
record TextToImage(Denoiser denoiser, Defaults defaults, MemoryPlan memory) {
  /** Pictures drawn in one pass of the network; more only cost memory. */
  private static final int BATCH = 4;

  List<GeneratedImage> draw(ImageRequest asked, Progress progress, Cancellation cancellation) {
    List<GeneratedImage> images = new ArrayList<>(once(asked, progress, cancellation));
    if (asked.hires() != null) {
      images.replaceAll(first -> once(asked.hires().after(first, denoiser.unit()), progress, cancellation).get(0));
    }
    return images;
  }

  private List<GeneratedImage> once(ImageRequest asked, Progress progress, Cancellation cancellation) {
    ImageRequest request = completed(asked);
    List<GeneratedImage> images = new ArrayList<>();
    if (memory != null) {
      boolean twice = denoiser.guided(request) && !request.guidanceOptions().sequential();
      memory.require(request.width(), request.height(), twice ? 2 : 1);
    }
    try (TensorScope scope = TensorScope.open(); NoGradGuard guard = new NoGradGuard()) {
      SamplingPlan plan = plan(request);
      Denoiser.Batches batches = denoiser.batches(request, part -> adaptation(request, part), plan.size());
      int most = memory == null ? BATCH : 1;
      for (int first = 0; first < request.count(); first += most) {
        int count = Math.min(most, request.count() - first);
        images.addAll(batch(request, plan, batches, request.seed() + first, count, progress, cancellation));
      }
    }
    return images;
  }

  private List<GeneratedImage> batch(ImageRequest request, SamplingPlan plan, Denoiser.Batches batches, long seed, int count,
      Progress progress, Cancellation stop) {
    try (TensorScope scope = TensorScope.open(); NoiseSource noise = NoiseSource.seeded(seed, count)) {
      progress.on(new ProgressEvent.Phase("sample", plan.size()));
      Guarded autoencoder = new Guarded(model().autoencoder(), words -> progress.on(new ProgressEvent.Notice(words)));
      Canvas canvas = new Easel(request, denoiser, autoencoder, plan, noise).canvas();
      NoisePredictor network = request.joints().network().apply(batches.network(count, canvas));
      Tensor latents = Sampler.sample(canvas.start(), plan, network, noise, canvas.blend(), (step, of, x) -> {
        progress.on(new ProgressEvent.Step("sample", step.index() + 1, of, Double.NaN));
        request.joints().listener().onStep(step, of, x);
        stop.check();
      });
      progress.on(new ProgressEvent.Phase("decode", count));
      return decode(latents, autoencoder, request, seed);
    }
  }

  private List<GeneratedImage> decode(Tensor latents, Autoencoder autoencoder, ImageRequest request, long seed) {
    List<GeneratedImage> images = new ArrayList<>();
    for (long i = 0; i < latents.size(0); i++) {
      try (TensorScope scope = TensorScope.open()) {
        Tensor one = latents.narrow(0, i, 1);
        requireFinite(one, seed + i);
        Tensor unit = Images.toUnit(autoencoder.decode(one));
        Picture picture = Images.toPicture(unit);
        images.add(new GeneratedImage(picture, seed + i, request, Latents.of(one), Images.floats(unit)));
      }
    }
    return images;
  }

  private void requireFinite(Tensor latents, long seed) {
    if (!Images.finite(latents)) {
      throw new UnusableInput("the picture of seed " + seed + " became infinite on its way, computed in "
          + model().compute().dtype() + "; compute in f32 or choose other steps, guidance or another scheduler");
    }
  }

  private Adaptation adaptation(ImageRequest request, Part part) {
    Drawing drawing = new Drawing(
        model().compute(), denoiser.guided(request), request.width(), request.height(), model().autoencoder().factor());
    Adaptation sum = Adaptation.NONE;
    for (Adapter adapter : request.adapters()) {
      sum = sum.and(adapter.adapt(part, drawing));
    }
    return sum;
  }

  private Networks model() {
    return denoiser.model();
  }

  private SamplingPlan plan(ImageRequest request) {
    SchedulerConfig scheduler =
        request.scheduler() == null ? model().scheduler() : model().scheduler().with(request.scheduler());
    double strength = request.initial() == null || request.from() > 0 ? 1 : request.initial().strength();
    PlanRequest plain = PlanRequest.of(request.steps()).strength(strength).between(request.from(), request.until())
        .eta(Double.isNaN(request.eta()) ? 0 : request.eta());
    PlanRequest planned = denoiser.planned(plain, request, scheduler);
    Scheduler own = request.joints().scheduler();
    SamplingPlan plan = own == null ? scheduler.plan(planned) : own.plan(planned);
    if (plan.size() == 0) {
      throw new IllegalArgumentException("strength " + strength + " from " + request.from() + " until " + request.until()
          + " leaves none of " + request.steps() + " steps to do; ask for more");
    }
    return plan;
  }

  private ImageRequest completed(ImageRequest r) {
    ImageRequest sized = sized(r).steps(r.steps() == 0 ? defaults.steps() : r.steps())
        .guidance(Double.isNaN(r.guidance()) ? defaults.guidance() : r.guidance());
    InitialImage initial = r.initial();
    return initial == null || !Double.isNaN(initial.strength()) ? sized
        : sized.from(initial.strength(initial.mask() == null ? defaults.strength() : defaults.inpaintStrength()));
  }

  private ImageRequest sized(ImageRequest r) {
    int factor = model().autoencoder().factor();
    int least = denoiser.unit();
    InitialImage initial = r.initial();
    int width = defaults.width();
    int height = defaults.height();
    if (initial != null && initial.latents() != null) {
      width = initial.latents().width() * factor;
      height = initial.latents().height() * factor;
    } else if (initial != null && initial.mask() == null && denoiser.edits() && !initial.ownSize()) {
      width = KontextSize.nearest(initial.picture()).width();
      height = KontextSize.nearest(initial.picture()).height();
    } else if (initial != null && (initial.mask() == null || initial.byDegrees())) {
      width = initial.picture().width() / least * least;
      height = initial.picture().height() / least * least;
    }
    ImageRequest sized = r.size(r.width() == 0 ? width : r.width(), r.height() == 0 ? height : r.height());
    int unit = initial == null ? Math.max(8, least) : least;
    if (sized.width() % unit != 0 || sized.height() % unit != 0 || sized.width() == 0 || sized.height() == 0) {
      throw new IllegalArgumentException("size " + sized.width() + "x" + sized.height() + " is not a multiple of " + unit
          + "; choose one that is");
    }
    return sized;
  }
}
