package dev.likeness.studio.internal.http;

import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.studio.internal.work.ModelAccess;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A source of models without a network: one is here, one can be got, the others have no host. */
final class KnownModels {
  static final String HERE = "sd15";
  static final String GETTABLE = "sdxl";
  private static final int STEPS = 1000;

  private final Set<String> here = ConcurrentHashMap.newKeySet();

  KnownModels() {
    here.add(HERE);
  }

  ModelAccess access() {
    return new ModelAccess(this::find, this::plan, this::get);
  }

  private Optional<Path> find(CatalogueModel model) {
    return here.contains(model.name()) ? Optional.of(RunningStudio.SAMPLES) : Optional.empty();
  }

  private ModelAccess.Plan plan(CatalogueModel model) {
    if (!model.name().equals(GETTABLE)) {
      throw new ResourceLimitException("the hub cannot be reached; check the network");
    }
    return new ModelAccess.Plan("hub.example", 7L << 30, 5L << 30, Optional.of("openrail++"));
  }

  /** Takes a step every few milliseconds, so that a test can stop it. */
  private void get(CatalogueModel model, Run run) {
    for (int i = 1; i <= STEPS; i++) {
      run.throwIfCancelled();
      run.progress().onEvent(new ProgressEvent.Step("download", i, STEPS));
      try {
        Thread.sleep(2);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    here.add(model.name());
  }
}
