package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.image.Lanczos;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.family.PreparedLatents;
import dev.likeness.diffusion.internal.pipeline.LatentCodec.Result;
import dev.likeness.diffusion.internal.sampling.EngineHooks;
import dev.likeness.diffusion.internal.sampling.SamplingLoop;
import dev.likeness.diffusion.internal.sampling.SamplingLoop.StepListener;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.HiresFix;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.tensor.Latents;
import dev.likeness.schedulers.SamplingPlan;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Generates images from requests. The stages in their order: {@link RequestDefaults},
 * {@link Batch}, {@link SamplingPlanning}, {@link PromptEncoding}, {@link LatentPreparation},
 * {@link PredictorChain}, {@link SamplingLoop}, {@link LatentCodec}, and {@link HiresPass}, whose
 * request runs through all stages again.
 *
 * @param model the opened base
 * @param defaults the base's default options
 * @param offload frees components between the stages
 */
public record Pipeline(PipelineModel model, GenerationDefaults defaults, ModelOffload offload) {
  /** Refuses a request that cannot be planned, for example for its number of steps. */
  public void require(ImageRequest request) {
    planning().plan(complete(request));
  }

  /** The share of each step's noise that is fresh, 0..1; empty if a custom scheduler decides. */
  public OptionalDouble eta(ImageRequest request) {
    return planning().eta(request);
  }

  /** The images of all requests, in their order. */
  public List<Result> generate(List<ImageRequest> given, Progress progress, Cancellation stop) {
    List<ImageRequest> requests = given.stream().map(this::complete).toList();
    Map<ImageRequest, List<Result>> results = new IdentityHashMap<>();
    requests.forEach(request -> results.put(request, new ArrayList<>()));
    generate(
        requests, (request, result) -> results.get(request).add(result), new Call(progress, stop));
    return requests.stream().flatMap(request -> results.get(request).stream()).toList();
  }

  /** Generates the images of all requests and passes each to {@code each} once it is decoded. */
  public void generate(
      List<ImageRequest> given, Consumer<Result> each, Progress progress, Cancellation stop) {
    List<ImageRequest> requests = given.stream().map(this::complete).toList();
    generate(requests, (request, result) -> each.accept(result), new Call(progress, stop));
  }

  /** Stages 2 to 9 for completed requests: first passes, then second passes. */
  private void generate(
      List<ImageRequest> requests, BiConsumer<ImageRequest, Result> each, Call call) {
    model.notices().forEach(call::warn);
    new PromptEncoding(model).warnings(requests).forEach(call::warn);
    List<Result> firsts = new ArrayList<>();
    for (List<ImageRequest> compatible : Batch.groupCompatible(requests)) {
      Consumer<Result> done = image -> {
        if (image.request().hires().isEmpty()) {
          each.accept(image.request(), image.withKeptPixels());
        } else {
          firsts.add(image);
        }
      };
      generate(compatible, null, done, call);
    }
    for (Result first : firsts) {
      ImageRequest second = complete(new HiresPass(model).secondPassRequest(first));
      Consumer<Result> done = image -> each.accept(first.request(), image.withFirstPass(first));
      generate(List.of(second), first.request(), done, call);
    }
    call.throwFailure();
  }

  /**
   * Stages 2 to 8 for compatible requests. For a second pass, {@code first} is the first pass's
   * request, else null.
   */
  private void generate(
      List<ImageRequest> requests, ImageRequest first, Consumer<Result> done, Call call) {
    ImageRequest shared = requests.get(0);
    offload.requireMemory(shared, model.isGuided(shared));
    new PredictorChain(model).require(shared);
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      SamplingPlan plan = planning().plan(shared);
      call.throwIfCancelled();
      PromptSchedule schedule = planning().promptSchedule(shared, first, plan.size());
      List<Batch> batches =
          Batch.of(new PromptEncoding(model).encode(requests, schedule), offload.batchSize(shared));
      offload.afterEncoding();
      for (Batch batch : batches) {
        sample(batch, plan, batch == batches.get(batches.size() - 1), done, call);
      }
    }
  }

  /** Stages 5 to 8 for one batch. */
  private void sample(
      Batch batch, SamplingPlan plan, boolean last, Consumer<Result> done, Call call) {
    call.throwIfCancelled();
    ImageRequest request = batch.request();
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(batch.seeds());
        StepListener listener = EngineHooks.of(request.hooks()).listener().get()) {
      call.phase("sample", plan.size());
      LatentCodec codec = LatentCodec.of(offload.model(), request.tiling(), call::warn);
      LatentPreparation preparation = new LatentPreparation(
          RequestDefaults.MaskCrop.apply(request), model, codec.autoencoder(), plan, noise);
      PreparedLatents latents = preparation.prepare();
      Predictor predictor = new PredictorChain(model).of(batch, latents, plan);
      Tensor samples = SamplingLoop.sample(
          latents.initial(),
          plan,
          predictor,
          noise,
          latents.blend(),
          call.stepListener(request.hooks(), listener));
      offload.afterBatch(last);
      call.phase("decode", batch.images().size());
      for (int i = 0; i < batch.images().size(); i++) {
        call.throwIfCancelled();
        Optional<Result> result =
            codec.decode(samples.narrow(0, i, 1), batch.images().get(i), call);
        call.step("decode", i + 1, batch.images().size());
        result.ifPresent(done);
      }
    }
  }

  private ImageRequest complete(ImageRequest given) {
    return new RequestDefaults(model, defaults).complete(given);
  }

  private SamplingPlanning planning() {
    return new SamplingPlanning(model, defaults);
  }

  /**
   * Stage 9: the request of the second pass over an enlarged image, which runs through all stages.
   */
  record HiresPass(PipelineModel model) {
    /**
     * The request for the second pass of an image, with the mask or change map of the first pass.
     */
    ImageRequest secondPassRequest(LatentCodec.Result first) {
      ImageRequest request = first.request();
      HiresFix fix = request.hires().orElseThrow();
      int unit = model.model().latents().sizeMultiple();
      int width = (int) Math.round(request.width().getAsInt() * fix.scale() / unit) * unit;
      int height = (int) Math.round(request.height().getAsInt() * fix.scale() / unit) * unit;
      InitialImage enlarged = fix.pixels()
          ? InitialImage.of(first.image())
          : InitialImage.of(first
              .latents()
              .resize(
                  height * first.latents().height() / request.height().getAsInt(),
                  width * first.latents().width() / request.width().getAsInt()));
      InitialImage before = request.initialImage().orElse(null);
      if (before != null && before.mask().isPresent()) {
        InitialImage whole = before.image().isEmpty()
            ? enlarged
            : composite(enlarged, before, fix.pixels(), width, height);
        enlarged = before.isDifferential()
            ? whole.changeMap(before.mask().get())
            : whole.mask(before.mask().get());
      }
      ImageRequest counted =
          fix.steps().isEmpty() ? request : request.steps(fix.steps().getAsInt());
      return counted
          .withoutHires()
          .withoutNoise()
          .seed(first.seed())
          .count(1)
          .size(width, height)
          .denoisingRange(0, 1)
          .initialImage(enlarged.strength(fix.strength()));
    }

    /** The enlarged image where the mask is white, the initial image around it. */
    private InitialImage composite(
        InitialImage generated, InitialImage before, boolean pixels, int width, int height) {
      RgbImage known = Lanczos.resize(before.image().orElseThrow(), width, height);
      try (TensorScope scope = TensorScope.open()) {
        Tensor grey =
            ImageTensors.toGrey(Lanczos.resize(before.mask().orElseThrow(), width, height));
        Tensor white =
            before.isDifferential() ? grey.gt(new Scalar(0.0)) : grey.ge(new Scalar(0.5));
        if (pixels) {
          return InitialImage.of(ImageTensors.toImage(torch.where(
              white,
              ImageTensors.toUnit(Lanczos.resize(generated.image().orElseThrow(), width, height)),
              ImageTensors.toUnit(known))));
        }
        Tensor corners =
            LatentPreparation.downsampleMask(white, model.model().autoencoder().vaeScaleFactor());
        return InitialImage.of(Latents.of(torch.where(
            corners,
            generated.latents().orElseThrow().toTensor(),
            LatentCodec.of(model.model()).encode(known).toTensor())));
      }
    }
  }
}
