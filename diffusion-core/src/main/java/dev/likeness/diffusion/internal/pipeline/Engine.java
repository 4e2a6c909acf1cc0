package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.memory.ForwardMemory;
import dev.likeness.diffusion.internal.memory.MemoryPlan;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.model.ModelExtras;
import dev.likeness.diffusion.internal.model.PlannedFiles;
import dev.likeness.diffusion.internal.model.Recognition;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.tensor.Compute;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What a {@code BaseModel} holds: the stages with the opened model, the declarations of the model's
 * folder, the memory of a generation, and the use of the model.
 *
 * @param extras the declarations of the model's folder
 * @param activations the memory of the networks while they compute
 */
public record Engine(
    Pipeline pipeline, ModelExtras extras, ForwardMemory activations, ModelUse use) {
  private static volatile Function<Object, Engine> facade;

  /** Opens a model without a memory plan. */
  public static Engine open(ModelComponents files, Compute compute) {
    return open(files, null, () -> FamilyRegistry.open(files, compute));
  }

  /** Opens a model with a memory plan. */
  public static Engine open(ModelComponents files, MemoryPlan plan) {
    ModelComponents planned = new PlannedFiles(files, plan);
    return open(planned, plan, () -> FamilyRegistry.open(planned, plan.compute()));
  }

  private static Engine open(ModelComponents files, MemoryPlan plan, Supplier<OpenModel> networks) {
    // Checks the declarations before opening the weights.
    ModelExtras extras = ModelExtras.of(files.folder());
    OpenModel model = FamilyRegistry.build(files.describe(), networks);
    try {
      Pipeline pipeline = FamilyRegistry.build(files.describe(), () -> {
        Pipeline stages = new Pipeline(
            model,
            new BaseDefaults(model, Recognition.of(files, extras)),
            new ModelOffload(model, plan, false),
            files.notices(),
            new ReferenceLatents());
        // A request without options must be possible, or the model's own files are wrong.
        stages.require(ImageRequest.of(""));
        return stages;
      });
      return new Engine(
          pipeline,
          extras,
          model.family().memory(files).activations(files),
          ModelUse.of(files.name()));
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }

  /**
   * Lets {@link #behind} read the engine of a facade, which does not show the engine to its users.
   *
   * @param reader returns the engine of a {@code BaseModel}
   */
  public static void readableBy(Function<Object, Engine> reader) {
    facade = reader;
  }

  /** The engine behind a {@code BaseModel}; other code calls {@code EngineAccess}. */
  public static Engine behind(Object base) {
    return facade.apply(base);
  }

  /** The opened model. */
  public OpenModel model() {
    return pipeline.model();
  }

  /** The base of the catalogue whose settings suit the model; empty if there is none. */
  public Optional<CatalogueModel> recipe() {
    return pipeline.defaults().recipe();
  }

  /** The memory plan; empty without a budget. */
  public Optional<MemoryPlan> plan() {
    return Optional.ofNullable(pipeline.offload().plan());
  }

  /**
   * Returns the same networks, freed between the stages. A model with a memory plan is not changed.
   */
  public Engine offloading() {
    boolean frees = plan().isEmpty();
    ModelOffload offload = new ModelOffload(model(), plan().orElse(null), frees);
    return new Engine(
        new Pipeline(
            model(), pipeline.defaults(), offload, pipeline.notices(), pipeline.references()),
        extras,
        activations,
        use.exclusive(frees));
  }

  /** Returns the same networks, whose work is also reported to another observer. */
  public Engine observed(Progress.Observer other) {
    return new Engine(pipeline, extras, activations, use.observed(other));
  }

  /**
   * Frees the text encoders, unless other work uses the model now; their next use loads them again.
   */
  public boolean freeTextEncoders() {
    return use.lock()
        .runIfUnused(() -> new ModelOffload(model(), plan().orElse(null), true).afterEncoding());
  }

  /** Frees the networks once no work uses them. */
  public void close() {
    use.lock().close(model()::close);
  }
}
