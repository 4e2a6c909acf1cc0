package dev.likeness.cli.inspect;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.family.Variant;
import dev.likeness.diffusion.internal.file.ShardedSource;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.model.ModelFolder;
import dev.likeness.diffusion.internal.model.TensorFileFormat;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Inspects a diffusers folder: its pipeline, components and headers of weights. */
final class FolderInspection {
  private static final List<String> WITH_WEIGHTS =
      List.of("text_encoder", "text_encoder_2", "text_encoder_3", "unet", "transformer", "vae");

  private final FileInspection.Tally tally = new FileInspection.Tally();
  private final Map<String, Object> components = new LinkedHashMap<>();
  private final List<String> problems = new ArrayList<>();
  private final Path folder;
  private String family = Family.UNKNOWN;

  private FolderInspection(Path folder) {
    this.folder = folder;
  }

  static CheckpointInspection of(Path folder) {
    try {
      return new FolderInspection(folder).inspect(ModelFolder.open(folder));
    } catch (InvalidInputException e) {
      return CheckpointInspection.unusable(folder, "unknown", e.getMessage());
    }
  }

  private CheckpointInspection inspect(ModelFolder model) {
    for (String component : WITH_WEIGHTS) {
      if (model.componentClass(component) != null) {
        addComponent(model, component);
      }
    }
    if (family.equals(Family.UNKNOWN)) {
      // Small models have other text widths.
      family = FamilyRegistry.find(model)
          .flatMap(known -> known.variantOf(model))
          .map(Variant::name)
          .orElse(Family.UNKNOWN);
    }
    Map<String, Object> details = new LinkedHashMap<>();
    details.put("pipeline", model.pipeline());
    details.put("scheduler", String.valueOf(model.componentClass("scheduler")));
    details.putAll(BaseDetails.of(model));
    details.put("components", components);
    return new CheckpointInspection(
        folder, "base", family, "diffusers", tally.parameters(), tally.dtypes(), details, problems);
  }

  private void addComponent(ModelFolder model, String component) {
    try {
      components.put(component, count(model, component));
    } catch (InvalidInputException e) {
      problems.add(e.getMessage());
    }
  }

  // A folder may contain the same weights in several precisions, formats and averages. Only the
  // file that would be opened counts.
  private long count(ModelFolder model, String component) {
    return onHeaders(model.weightsFile(component), tensors -> count(tensors, component));
  }

  /** Reads the headers of a file, or of the shards that it stands for. */
  static <T> T onHeaders(Path file, Function<TensorNames, T> read) {
    if (file.toString().endsWith(".json") || ShardedSource.isShard(file)) {
      try (TensorSource shards = ShardedSource.isShard(file)
          ? ShardedSource.withoutIndex(file, TensorFileFormat::openStored)
          : ShardedSource.open(file, TensorFileFormat::openStored)) {
        return read.apply(shards);
      }
    }
    return read.apply(TensorFileFormat.listStored(file));
  }

  private long count(TensorNames tensors, String component) {
    if (component.equals("unet") && family.equals(Family.UNKNOWN)) {
      family = Family.of(FileKind.UNET, tensors);
    }
    return tally.add(tensors);
  }
}
