package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.Drawing;
import dev.likeness.diffusion.internal.adapter.GradientGuidance;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.cudagraph.StepRunner;
import dev.likeness.diffusion.internal.family.Conditioning;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.OpenNetworks;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.family.PreparedLatents;
import dev.likeness.diffusion.internal.sampling.GradientGuidedPredictor;
import dev.likeness.diffusion.internal.sampling.SamplingLoop;
import dev.likeness.diffusion.internal.sampling.StepListener;
import dev.likeness.diffusion.internal.sampling.TiledPredictor;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import dev.likeness.diffusion.internal.vae.FallbackAutoencoder;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.CachingOptions;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.GenerationHooks;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.tensor.Latents;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SamplingPlan;
import dev.likeness.schedulers.Scheduler;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * Prompt to pictures: encode, plan, draw noise, sample, decode; {@code before} is a first pass's
 * request, or null.
 */
public record Pipeline(
    OpenModel denoiser, GenerationDefaults defaults, ModelOffload phases, ImageRequest before) {
  /** Pictures drawn in one pass of the network; more only cost memory. */
  private static final int BATCH = 4;

  /** Refuses what cannot be planned, such as steps that the scheduler does not make. */
  public void require(ImageRequest request) {
    plan(completion().completed(request));
  }

  /**
   * The pictures of all requests, in their order; requests that run alike share passes of the
   * network.
   */
  public List<GeneratedImage> draw(List<ImageRequest> asked, Progress progress, Cancellation stop) {
    List<ImageRequest> requests = asked.stream().map(completion()::completed).toList();
    Map<ImageRequest, List<GeneratedImage>> drawn = new IdentityHashMap<>();
    draw(
        requests,
        (request, image) ->
            drawn.computeIfAbsent(request, r -> new ArrayList<>()).add(image),
        progress,
        stop);
    return requests.stream().flatMap(request -> drawn.get(request).stream()).toList();
  }

  /** The same, each shown to {@code each} as it is done, and kept no longer. */
  public void show(
      List<ImageRequest> asked,
      Consumer<GeneratedImage> each,
      Progress progress,
      Cancellation stop) {
    draw(
        asked.stream().map(completion()::completed).toList(),
        (request, image) -> each.accept(image),
        progress,
        stop);
  }

  private void draw(
      List<ImageRequest> requests,
      BiConsumer<ImageRequest, GeneratedImage> each,
      Progress progress,
      Cancellation stop) {
    Conditioning.notices(denoiser, requests)
        .forEach(words -> progress.on(new ProgressEvent.Notice(words)));
    Map<Object, List<ImageRequest>> alike = new LinkedHashMap<>();
    requests.forEach(request ->
        alike.computeIfAbsent(request.run(), run -> new ArrayList<>()).add(request));
    List<GeneratedImage> firsts = new ArrayList<>();
    List<InvalidInputException> unusable = new ArrayList<>();
    alike
        .values()
        .forEach(run -> run(
            run,
            image -> {
              if (image.request().hires() == null) {
                each.accept(image.request(), image);
              } else {
                firsts.add(image);
              }
            },
            unusable,
            progress,
            stop));
    firsts.forEach(first ->
        enlarge(first, second -> each.accept(first.request(), second), unusable, progress, stop));
    if (!unusable.isEmpty()) {
      throw unusable.get(0);
    }
  }

  private void enlarge(
      GeneratedImage first,
      Consumer<GeneratedImage> done,
      List<InvalidInputException> unusable,
      Progress progress,
      Cancellation stop) {
    ImageRequest after =
        first.request().hires().after(first, denoiser.unit(), new LatentCodec(model()));
    new Pipeline(denoiser, defaults, phases, first.request())
        .run(
            List.of(completion().completed(after)),
            second -> done.accept(second.over(first)),
            unusable,
            progress,
            stop);
  }

  /**
   * Draws requests that run alike; why pictures came to nothing is added to {@code unusable}, and
   * the others are drawn all the same.
   */
  private void run(
      List<ImageRequest> requests,
      Consumer<GeneratedImage> done,
      List<InvalidInputException> unusable,
      Progress progress,
      Cancellation stop) {
    requireMemory(requests.get(0));
    requests.get(0).approximation().requireFor(denoiser);
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      SamplingPlan plan = plan(requests.get(0));
      stop.check();
      List<Batch> sittings = Batch.of(
          sitters(requests, schedule(requests.get(0), plan.size())), batch(requests.get(0)));
      phases.encoded();
      for (Batch sitting : sittings) {
        Runnable sampled = () -> phases.sampled(sitting == sittings.get(sittings.size() - 1));
        pass(sitting, plan, sampled, done, unusable, progress, stop);
      }
    }
  }

  // A first-block cache decides for its whole batch, which would make a picture another beside
  // others.
  private int batch(ImageRequest request) {
    return phases.plan() != null
            || request.approximation().kind() == CachingOptions.Kind.FIRST_BLOCK
        ? 1
        : BATCH;
  }

  // What was recorded goes on reading where blocks lay that were brought in, and freed since.
  private StepRunner runner(GenerationHooks joints) {
    return model().weights(model().denoising()).streams()
        ? StepRunner.PLAIN
        : joints.runner().apply(model().compute());
  }

  private void pass(
      Batch sitting,
      SamplingPlan plan,
      Runnable sampled,
      Consumer<GeneratedImage> done,
      List<InvalidInputException> unusable,
      Progress progress,
      Cancellation stop) {
    stop.check();
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(sitting.seeds());
        StepRunner runner = runner(sitting.request().joints());
        StepListener listener = sitting.request().joints().listener().get()) {
      progress.on(new ProgressEvent.Phase("sample", plan.size()));
      Autoencoder own = model().autoencoder();
      FallbackAutoencoder autoencoder = new FallbackAutoencoder(
          sitting.request().tiled() ? own.tiled() : own,
          words -> progress.on(new ProgressEvent.Notice(words)));
      PreparedLatents canvas = new LatentPreparation(
              sitting.request(), denoiser, autoencoder, plan, noise)
          .canvas()
          .on(runner);
      GenerationHooks joints = sitting.request().joints();
      Predictor asked = joints
          .network()
          .apply(sitting
              .request()
              .approximation()
              .around(denoiser.network(sitting, canvas, plan.size()), plan));
      requireForgetful(asked, sitting.request());
      Predictor network = GradientGuidedPredictor.of(asked, steering(sitting));
      Tensor latents = SamplingLoop.sample(
          canvas.start(), plan, network, noise, runner, canvas.blend(), (step, of, x, denoised) -> {
            progress.on(new ProgressEvent.Step("sample", step.index() + 1, of, Double.NaN));
            listener.onStep(step, of, x, denoised);
            stop.check();
          });
      sampled.run();
      progress.on(new ProgressEvent.Phase("decode", sitting.count()));
      for (int i = 0; i < sitting.count(); i++) {
        stop.check();
        Optional<GeneratedImage> image =
            decoded(latents.narrow(0, i, 1), autoencoder, sitting.seats().get(i), unusable);
        progress.on(new ProgressEvent.Step("decode", i + 1, sitting.count(), Double.NaN));
        image.ifPresent(done);
      }
    }
  }

  /** Refuses windows for what goes on from its last answer, which would be another window's. */
  private static void requireForgetful(Predictor asked, ImageRequest request) {
    if (asked instanceof TiledPredictor
        && (request.approximation().kind() != CachingOptions.Kind.NONE
            || request.guidanceOptions().rule().apply(request.guidance()).remembers())) {
      throw new IllegalArgumentException(
          "windows cannot go on from one another's answers; draw without an approximation, but for"
              + " token merging, and without guidance's momentum");
    }
  }

  private Optional<GeneratedImage> decoded(
      Tensor latents,
      Autoencoder autoencoder,
      Batch.Seat seat,
      List<InvalidInputException> unusable) {
    try (TensorScope scope = TensorScope.open()) {
      requireFinite(latents, seat.seed());
      Tensor unit = ImageTensors.toUnit(autoencoder.decode(latents));
      ImageRequest request = seat.sitter().request();
      boolean edited = request.initial() != null && request.initial().picture() != null;
      return Optional.of(new GeneratedImage(
          ImageTensors.toPicture(unit),
          seat.seed(),
          request,
          Latents.of(latents),
          ImageTensors.floats(unit),
          edited,
          null));
    } catch (InvalidInputException e) {
      unusable.add(e);
      return Optional.empty();
    }
  }

  private void requireMemory(ImageRequest request) {
    if (phases.plan() != null) {
      boolean twice = denoiser.guided(request) && !request.guidanceOptions().sequential();
      phases.plan().require(request.width(), request.height(), twice ? 2 : 1);
    }
  }

  private void requireFinite(Tensor latents, long seed) {
    if (!ImageTensors.finite(latents)) {
      throw new InvalidInputException("the picture of seed " + seed
          + " became infinite on its way, computed in " + model().compute().dtype()
          + "; compute in f32 or choose other steps, guidance or another scheduler");
    }
  }

  /** Requests with what their pictures share; those that add the same share that too. */
  private List<Batch.Sitter> sitters(List<ImageRequest> requests, PromptSchedule schedule) {
    Map<List<Adapter>, Map<ModelComponent, Adaptation>> known = new HashMap<>();
    return requests.stream()
        .map(request -> {
          Map<ModelComponent, Adaptation> added =
              known.computeIfAbsent(request.adapters(), adapters -> adaptations(request));
          return new Batch.Sitter(request, added, denoiser.texts(request, added::get, schedule));
        })
        .toList();
  }

  /** What leads each picture of a sitting. */
  private List<Optional<GradientGuidance>> steering(Batch sitting) {
    Drawing drawing = drawing(sitting.request());
    return sitting.seats().stream()
        .map(seat -> seat.sitter().request().adapters().stream()
            .flatMap(adapter -> adapter.steering(drawing).stream())
            .findFirst())
        .toList();
  }

  private Drawing drawing(ImageRequest request) {
    return new Drawing(
        model().compute(),
        denoiser.guided(request),
        request.width(),
        request.height(),
        model().autoencoder().factor());
  }

  private Map<ModelComponent, Adaptation> adaptations(ImageRequest request) {
    request.adapters().forEach(adapter -> adapter.requireFor(model()));
    Drawing drawing = drawing(request);
    Map<ModelComponent, Adaptation> sums = new EnumMap<>(ModelComponent.class);
    for (ModelComponent part : ModelComponent.values()) {
      sums.put(part, Adaptation.NONE);
      if (!model().tensorNames(part).isEmpty()) {
        request
            .adapters()
            .forEach(adapter -> sums.merge(part, adapter.adapt(part, drawing), Adaptation::and));
      }
    }
    return sums;
  }

  // As in the web interface: image to image hears a whole run's schedule begin, a second pass all
  // of its own.
  private PromptSchedule schedule(ImageRequest request, int rows) {
    if (request.prompting().syntax() == PromptSyntax.PLAIN) {
      return PromptSchedule.of(rows);
    }
    int whole = left(request, 0);
    return before == null
        ? new PromptSchedule(rows, whole, whole - left(request, request.from()), 0)
        : new PromptSchedule(rows, rows, 0, left(before, 0));
  }

  private int left(ImageRequest request, double from) {
    return plan(request.from(null).between(from, 1)).size();
  }

  private RequestDefaults completion() {
    return new RequestDefaults(denoiser, defaults);
  }

  private OpenNetworks model() {
    return denoiser.model();
  }

  private SamplingPlan plan(ImageRequest request) {
    Scheduler own = request.joints().scheduler();
    SchedulerConfig scheduler = scheduler(request);
    double strength =
        request.initial() == null || request.from() > 0 ? 1 : request.initial().strength();
    PlanRequest plain = request
        .ownSteps()
        .plan(request.steps())
        .strength(strength)
        .between(request.from(), request.until())
        .eta(eta(request, scheduler));
    PlanRequest planned = denoiser.planned(plain, request, scheduler);
    // A model's levels mean what diffusers' classes take them for; one that is no class of theirs
    // lays its own ladder.
    SamplingPlan plan = own == null || own == scheduler
        ? scheduler.plan(planned)
        : own.plan(OpenModel.at(planned, plain.sigmas()));
    if (plan.size() == 0) {
      throw new IllegalArgumentException(
          "strength " + strength + " from " + request.from() + " until " + request.until()
              + " leaves none of " + request.steps() + " steps to do; ask for more");
    }
    return plan;
  }

  private SchedulerConfig scheduler(ImageRequest request) {
    return request.joints().scheduler() instanceof SchedulerConfig brought
        ? brought
        : request.scheduler() == null
            ? model().scheduler()
            : model().scheduler().sampling(request.scheduler());
  }

  public double eta(ImageRequest request) {
    SchedulerConfig scheduler = scheduler(request);
    double asked = eta(request, scheduler);
    return Double.isNaN(asked) ? scheduler.options().number("eta", asked) : asked;
  }

  // diffusers' pipelines ask for none where nobody does; a model's own scheduler adds what its
  // config says, and a sampler that has
  // a share of its own, or that the caller brings, keeps its own.
  private double eta(ImageRequest request, SchedulerConfig scheduler) {
    double usual = request.scheduler() == null ? defaults.eta() : 0;
    boolean keeps = request.joints().scheduler() != null || scheduler.options().has("eta");
    return Double.isNaN(request.eta()) && !keeps ? usual : request.eta();
  }
}
