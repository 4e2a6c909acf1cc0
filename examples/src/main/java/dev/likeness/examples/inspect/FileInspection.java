package dev.likeness.examples.inspect;

import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.diffusion.weights.SafetensorsHeader;
import dev.likeness.diffusion.weights.TensorEntry;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What one safetensors file is, by the names and shapes of its tensors. */
final class FileInspection {
  private static final int MOST_METADATA = 200;

  private FileInspection() {}

  static Inspection of(Path file) {
    SafetensorsHeader header;
    try {
      header = SafetensorsHeader.read(file);
    } catch (UnusableInput e) {
      return Inspection.unusable(file, "unknown", e.getMessage());
    }
    Map<String, TensorEntry> tensors = header.tensors();
    Tally tally = new Tally();
    tally.add(tensors.values());
    Kind kind = Kind.of(tensors.keySet());
    Map<String, Object> details = new LinkedHashMap<>();
    details.put("tensors", tensors.size());
    if (kind == Kind.LORA) {
      LoraRank.of(tensors).ifPresent(rank -> details.put("rank", rank));
    }
    if (!header.metadata().isEmpty()) {
      details.put("metadata", shortened(header.metadata()));
    }
    String format = kind == Kind.BASE ? "single-file" : "safetensors";
    return new Inspection(file, kind.word(), Family.of(kind, tensors), format,
        tally.parameters(), tally.dtypes(), details, problems(file, tensors));
  }

  private static List<String> problems(Path file, Map<String, TensorEntry> tensors) {
    return tensors.isEmpty() ? List.of(file + " holds no tensor; download or save it again") : List.of();
  }

  // Trainers put whole tag statistics there.
  private static Map<String, String> shortened(Map<String, String> metadata) {
    Map<String, String> shown = new LinkedHashMap<>();
    metadata.forEach((name, value) -> shown.put(name,
        value.length() > MOST_METADATA ? value.substring(0, MOST_METADATA) + "…" : value));
    return shown;
  }
}
