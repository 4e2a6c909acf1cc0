package dev.likeness.cli.inspect;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ScaledTensors;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.model.SingleFile;
import dev.likeness.diffusion.internal.model.TensorFileFormat;
import dev.likeness.ipadapter.IpAdapterFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Inspects a file of tensors by their names and shapes. */
final class FileInspection {
  private static final int MAX_METADATA_LENGTH = 200;
  private static final List<String> DOWN_KEYS =
      List.of(".lora_A", ".lora_down", ".lora.down", "_lora.down", ".down.weight");

  /** Starts of metadata names with biometric data of a person, which is never printed. */
  private static final Map<String, String> PERSONAL = Map.of(
      "likeness.faces", "face embeddings",
      "likeness.measures", "measures of faces",
      "likeness.profile", "traits of the person");

  private FileInspection() {}

  static CheckpointInspection of(Path file) {
    TensorNames tensors;
    TensorFileFormat form;
    try {
      form = TensorFileFormat.of(file);
      tensors = TensorFileFormat.listStored(file);
    } catch (InvalidInputException e) {
      return CheckpointInspection.unusable(file, "unknown", e.getMessage());
    }
    Tally tally = new Tally();
    tally.add(tensors);
    TensorNames named = ScaledTensors.of(tensors);
    FileKind kind = FileKind.of(named);
    Map<String, Object> details = new LinkedHashMap<>();
    details.put("tensors", tensors.names().size());
    List<String> problems = new ArrayList<>();
    if (tensors.names().isEmpty()) {
      problems.add(file + " contains no tensor; download or save it again");
    }
    describe(file, kind, named, details, problems);
    String format = form != TensorFileFormat.SAFETENSORS
        ? form.name().toLowerCase(Locale.ROOT)
        : kind == FileKind.BASE ? "single-file" : "safetensors";
    return new CheckpointInspection(
        file,
        kind.label(),
        Family.of(kind, named),
        format,
        tally.parameters(),
        tally.dtypes(),
        details,
        problems);
  }

  private static void describe(
      Path file,
      FileKind kind,
      TensorNames tensors,
      Map<String, Object> details,
      List<String> problems) {
    if (kind == FileKind.LORA) {
      rank(tensors).ifPresent(rank -> details.put("rank", rank));
      List<String> families = Family.ofLora(tensors);
      if (families.size() > 1) {
        details.put(CheckpointInspection.FAMILIES, families);
      }
    }
    if (kind == FileKind.IP_ADAPTER) {
      try {
        details.put("adapter", IpAdapterFile.of(file).kind().description());
      } catch (InvalidInputException e) {
        problems.add(e.getMessage());
      }
    }
    boolean known = FamilyRegistry.findVariant(tensors).isPresent();
    if (kind == FileKind.BASE && (known || FamilyRegistry.hasOnlyAverages(tensors))) {
      try {
        details.putAll(BaseDetails.of(SingleFile.open(file)));
      } catch (InvalidInputException e) {
        problems.add(e.getMessage());
      }
    }
    if (!tensors.metadata().isEmpty()) {
      details.put(CheckpointInspection.METADATA, shorten(tensors.metadata()));
    }
  }

  // The largest number of rows of a LoRA's down factors; empty if its factors are not pairs.
  private static Optional<Long> rank(TensorNames tensors) {
    return tensors.names().stream()
        .filter(name -> DOWN_KEYS.stream().anyMatch(name::contains))
        .map(tensors::shape)
        .filter(shape -> shape.length >= 2)
        .map(shape -> shape[0])
        .max(Long::compare);
  }

  // Trainers write complete tag statistics into these entries.
  private static Map<String, String> shorten(Map<String, String> metadata) {
    Map<String, String> shown = new LinkedHashMap<>();
    metadata.forEach((name, value) -> shown.put(
        name,
        PERSONAL.entrySet().stream()
            .filter(entry -> name.startsWith(entry.getKey()))
            .findFirst()
            .map(entry -> count(value) + " " + entry.getValue() + ", not shown")
            .orElse(
                value.length() > MAX_METADATA_LENGTH
                    ? value.substring(0, MAX_METADATA_LENGTH) + "…"
                    : value)));
    return shown;
  }

  // A list, or an object with a list of vectors.
  private static String count(String json) {
    try {
      Object value = JSON.std.anyFrom(json);
      Object list = value instanceof Map<?, ?> map ? map.get("vectors") : value;
      return list instanceof List<?> several ? String.valueOf(several.size()) : "unreadable";
    } catch (IOException e) {
      return "unreadable";
    }
  }

  /** Counts the values of tensors, in total and by dtype. */
  static final class Tally {
    private final Map<String, Long> dtypes = new TreeMap<>();
    private long parameters;

    /** Counts the values of {@code tensors} and returns their number. */
    long add(TensorNames tensors) {
      long before = parameters;
      for (String name : tensors.names()) {
        dtypes.merge(tensors.dtype(name).name(), tensors.elements(name), Long::sum);
        parameters += tensors.elements(name);
      }
      return parameters - before;
    }

    long parameters() {
      return parameters;
    }

    Map<String, Long> dtypes() {
      return dtypes;
    }
  }
}
