package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.family.Capabilities;
import dev.likeness.diffusion.internal.family.LoadedControlNet;
import dev.likeness.diffusion.internal.family.ModelParts;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.model.MemoryPlan;
import dev.likeness.diffusion.internal.model.ModelExtras;
import dev.likeness.diffusion.internal.natives.LibTorch;
import dev.likeness.diffusion.internal.tensor.UsageLock;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.PromptEmbedding;
import dev.likeness.diffusion.tensor.Compute;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The engine behind a {@code BaseModel}: opened networks, and the lock that keeps them open while
 * work uses them.
 *
 * @param extras the declarations of the model's folder
 * @param plan the memory plan; null without a budget
 * @param savesMemory true if components are freed once no later stage needs them
 * @param notices facts about the model's files that each generation reports
 * @param references latents of the reference images of earlier generations
 * @param observers receive the events of all work on the model
 */
public record OpenedBase(
    OpenModel model,
    String name,
    ModelExtras extras,
    MemoryPlan plan,
    boolean savesMemory,
    List<String> notices,
    UsageLock uses,
    PipelineModel.EncodedReferences references,
    List<Progress.Observer> observers) {
  /** Opens a model without a memory plan. */
  public static OpenedBase open(ModelParts files, Compute compute) {
    return open(files, null, () -> FamilyRegistry.open(files, compute));
  }

  /** Opens a model with a memory plan. */
  public static OpenedBase open(ModelParts files, MemoryPlan plan) {
    return open(files, plan, () -> FamilyRegistry.open(plan.of(files), plan.compute()));
  }

  private static OpenedBase open(ModelParts files, MemoryPlan plan, Supplier<OpenModel> networks) {
    // Checks the declarations before opening the weights.
    ModelExtras extras = ModelExtras.of(files.folder());
    OpenModel model = FamilyRegistry.build(files.describe(), networks);
    OpenedBase base = new OpenedBase(
        model,
        files.name(),
        extras,
        plan,
        false,
        files.notices(),
        new UsageLock("the model " + files.name()),
        new PipelineModel.EncodedReferences(),
        List.of());
    try {
      FamilyRegistry.build(files.describe(), base::requireDefaults);
      return base;
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }

  // A request without options must be possible, or the model's own files are wrong.
  private Void requireDefaults() {
    pipeline().require(ImageRequest.of(""));
    return null;
  }

  /**
   * Returns the same networks, freed between the stages. A model with a memory plan is not changed.
   */
  public OpenedBase freeing() {
    return new OpenedBase(
        model, name, extras, plan, plan == null, notices, uses, references, observers);
  }

  /** Returns the same networks, whose work is also reported to another observer. */
  public OpenedBase observed(Progress.Observer other) {
    List<Progress.Observer> all =
        Stream.concat(observers.stream(), Stream.of(other)).toList();
    return new OpenedBase(model, name, extras, plan, savesMemory, notices, uses, references, all);
  }

  /**
   * Runs work that reports its events and its outcome to the observers and to the caller. Memory
   * that libtorch could not allocate is a {@code ResourceLimitException} for all of them.
   */
  public <T> T report(
      Progress.Work.Kind kind, int images, Progress caller, Function<Progress, T> work) {
    Progress.Work started = new Progress.Work(kind, name, images);
    List<Progress> listeners = new ArrayList<>(List.of(caller));
    Progress all = event -> listeners.forEach(listener -> listener.onEvent(event));
    return all.reportOutcome(() -> {
      // If an observer throws, those that started before it receive the terminal event too.
      observers.forEach(each -> listeners.add(listeners.size() - 1, each.onStart(started)));
      return LibTorch.callWithinMemory(() -> work.apply(all));
    });
  }

  /** The stages of a generation. */
  public Pipeline pipeline() {
    return new Pipeline(
        new PipelineModel(model, notices, references),
        model.defaults(ImageRequest.of("")),
        new ModelOffload(model, plan, savesMemory));
  }

  /** The model's embeddings of a request's prompt. */
  public PromptEmbedding encode(ImageRequest request) {
    Capabilities.PromptEmbeddings encoder = model
        .capability(Capabilities.PromptEmbeddings.class)
        .orElseThrow(() -> new IllegalStateException(
            name + " does not support prompt embeddings; use a base with a UNet"));
    return during(
        List.of(request),
        () -> new PromptEncoding(new PipelineModel(model)).embedding(encoder, request));
  }

  /** Runs work on the autoencoder, which stays open meanwhile. */
  public <T> T coded(Function<LatentCodec, T> work) {
    return uses.callWhileOpen(
        savesMemory, () -> LibTorch.callWithinMemory(() -> work.apply(LatentCodec.of(model))));
  }

  /** Runs work while the model and the requests' ControlNets and adapters stay open. */
  public <T> T during(List<ImageRequest> requests, Supplier<T> work) {
    List<UsageLock> carried = requests.stream()
        .flatMap(request -> Stream.concat(
            request.controlImages().stream()
                .map(control -> LoadedControlNet.of(control.controlNet()).usageLock()),
            request.adapters().stream()
                .flatMap(all -> all.components().stream())
                .flatMap(one -> ModelAdapter.of(one).usageLocks().stream())))
        .distinct()
        .toList();
    return uses.callWhileOpen(
        savesMemory, () -> UsageLock.callWhileOpen(carried, () -> LibTorch.callWithinMemory(work)));
  }

  /**
   * Frees the text encoders, unless other work uses the model now; their next use loads them again.
   */
  public boolean freeTextEncoders() {
    return uses.runIfUnused(() -> new ModelOffload(model, plan, true).afterEncoding());
  }

  /** The object of this type behind the model; see {@code BaseModel.unwrap}. */
  public <T> T unwrap(Class<T> kind) {
    return Stream.of(extras, model, model.networks(), plan, this)
        .filter(kind::isInstance)
        .map(kind::cast)
        .findFirst()
        .orElseThrow(() -> new IllegalStateException(
            name + " has no " + kind.getSimpleName() + "; the type of its networks is "
                + model.networks().getClass().getSimpleName()
                + ". Use a base of another family"));
  }

  /** Frees the networks once no work uses them. */
  public void close() {
    uses.close(model::close);
  }
}
