package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.internal.family.Capabilities;
import dev.likeness.diffusion.internal.family.Conditioning;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.family.PreparedLatents;
import dev.likeness.diffusion.internal.pipeline.LatentCodec.Result;
import dev.likeness.diffusion.internal.sampling.EngineHooks;
import dev.likeness.diffusion.internal.sampling.SamplingLoop;
import dev.likeness.diffusion.internal.sampling.SamplingLoop.StepListener;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptEmbedding;
import dev.likeness.diffusion.request.Run;
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
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Generates images from requests. The stages in their order: {@link RequestChecks},
 * {@link RequestDefaults}, {@link Batch}, {@link SamplingPlanning}, {@link PromptEncoding},
 * {@link LatentPreparation}, {@link PredictorChain}, {@link SamplingLoop}, {@link LatentCodec}, and
 * {@link HiresPass}, whose request runs through all stages again.
 *
 * @param model the opened base
 * @param defaults the base's default options
 * @param offload frees components between the stages
 * @param notices facts about the model's files that each generation reports
 * @param references latents of the reference images of earlier generations
 */
public record Pipeline(
    OpenModel model,
    BaseDefaults defaults,
    ModelOffload offload,
    List<String> notices,
    ReferenceLatents references) {
  /** Refuses a request that cannot be planned, for example for its number of steps. */
  public void require(ImageRequest request) {
    planning().plan(complete(request));
  }

  /** The share of each step's noise that is fresh, 0..1; empty if a custom scheduler decides. */
  public OptionalDouble eta(ImageRequest request) {
    return planning().eta(request);
  }

  /** The embeddings of a request's prompt. */
  public PromptEmbedding embedding(Capabilities.PromptEmbeddings encoder, ImageRequest request) {
    return new PromptEncoding(model).embedding(encoder, request);
  }

  /** The autoencoder of the model, without warnings. */
  public LatentCodec codec() {
    return LatentCodec.of(model);
  }

  /**
   * The encoded prompts of a request, for {@link #generate(ImageRequest, Conditioning, Run)} after
   * the text encoders were freed.
   *
   * @param region the region that keeps the encodings
   */
  public Conditioning encode(ImageRequest given, TensorRegion region) {
    ImageRequest request = checked(given);
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      PromptSchedule schedule =
          planning().promptSchedule(request, null, planning().plan(request).size());
      return new PromptEncoding(model)
          .encode(List.of(request), schedule, null)
          .get(0)
          .prompts()
          .keptIn(region);
    }
  }

  /** The images of all requests, in their order. */
  public List<Result> generate(List<ImageRequest> given, Run run) {
    return generate(given, null, run);
  }

  /** The images of a request whose prompts were encoded by {@link #encode}. */
  public List<Result> generate(ImageRequest given, Conditioning encoded, Run run) {
    return generate(List.of(given), encoded, run);
  }

  private List<Result> generate(List<ImageRequest> given, @Nullable Conditioning encoded, Run run) {
    List<ImageRequest> requests = given.stream().map(this::checked).toList();
    Map<ImageRequest, List<Result>> results = new IdentityHashMap<>();
    requests.forEach(request -> results.put(request, new ArrayList<>()));
    runPasses(
        requests, encoded, (request, result) -> results.get(request).add(result), new Call(run));
    return requests.stream().flatMap(request -> results.get(request).stream()).toList();
  }

  /** Generates the images of all requests and passes each to {@code each} once it is decoded. */
  public void generateEach(List<ImageRequest> given, Consumer<Result> each, Run run) {
    List<ImageRequest> requests = given.stream().map(this::checked).toList();
    runPasses(requests, null, (request, result) -> each.accept(result), new Call(run));
  }

  /** Stages 3 to 10 for completed requests: first passes, then second passes. */
  private void runPasses(
      List<ImageRequest> requests,
      @Nullable Conditioning encoded,
      BiConsumer<ImageRequest, Result> each,
      Call call) {
    notices.forEach(call::warn);
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
      runPass(compatible, null, encoded, done, call);
    }
    for (Result first : firsts) {
      ImageRequest second = checked(new HiresPass(model).secondPassRequest(first));
      Consumer<Result> done = image -> each.accept(first.request(), image.withFirstPass(first));
      runPass(List.of(second), first.request(), null, done, call);
    }
    call.throwFailure();
  }

  /**
   * Stages 3 to 9 for compatible requests. For a second pass, {@code first} is the first pass's
   * request, else null. {@code encoded} has the prompts if they were encoded before.
   */
  private void runPass(
      List<ImageRequest> requests,
      ImageRequest first,
      @Nullable Conditioning encoded,
      Consumer<Result> done,
      Call call) {
    ImageRequest shared = requests.get(0);
    offload.requireMemory(shared, model.isGuided(shared));
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      SamplingPlan plan = planning().plan(shared);
      call.throwIfCancelled();
      PromptSchedule schedule = planning().promptSchedule(shared, first, plan.size());
      List<Batch> batches = Batch.of(
          new PromptEncoding(model).encode(requests, schedule, encoded), offload.batchSize(shared));
      offload.afterEncoding();
      for (Batch batch : batches) {
        sample(batch, plan, batch == batches.get(batches.size() - 1), done, call);
      }
    }
  }

  /** Stages 6 to 9 for one batch. */
  private void sample(
      Batch batch, SamplingPlan plan, boolean last, Consumer<Result> done, Call call) {
    call.throwIfCancelled();
    ImageRequest request = batch.request();
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(batch.seeds());
        StepListener listener = EngineHooks.of(request.hooks()).listener().get()) {
      call.phase("sample", plan.size());
      LatentCodec codec = LatentCodec.of(model, request.tiling(), call::warn);
      LatentPreparation preparation = new LatentPreparation(
          MaskCrop.apply(request), model, references, codec.autoencoder(), plan, noise);
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

  /** Stages 1 and 2 for a request whose images are generated next. */
  private ImageRequest checked(ImageRequest given) {
    ImageRequest request = complete(given);
    new RequestChecks(model).requireSampling(request);
    return request;
  }

  /** Stages 1 and 2 for a request that need not have all its images yet. */
  private ImageRequest complete(ImageRequest given) {
    new RequestChecks(model).require(given);
    return new RequestDefaults(model, defaults).complete(given);
  }

  private SamplingPlanning planning() {
    return new SamplingPlanning(model, defaults.plain());
  }
}
