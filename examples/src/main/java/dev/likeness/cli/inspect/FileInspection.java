package dev.likeness.cli.inspect;

import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.diffusion.internal.file.TensorList;
import dev.likeness.diffusion.internal.model.SingleFile;
import dev.likeness.diffusion.internal.model.TensorFile;
import dev.likeness.examples.inspect.Family;
import dev.likeness.ipadapter.AdapterFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What one file of tensors is, by the names and shapes of its tensors. */
final class FileInspection {
  private static final int MOST_METADATA = 200;

  private FileInspection() {}

  static Inspection of(Path file) {
    TensorList tensors;
    TensorFile form;
    try {
      form = TensorFile.of(file);
      tensors = TensorFile.list(file);
    } catch (UnusableInput e) {
      return Inspection.unusable(file, "unknown", e.getMessage());
    }
    Tally tally = new Tally();
    tally.add(tensors);
    Kind kind = Kind.of(tensors);
    Map<String, Object> details = new LinkedHashMap<>();
    details.put("tensors", tensors.names().size());
    List<String> problems = new ArrayList<>();
    if (tensors.names().isEmpty()) {
      problems.add(file + " holds no tensor; download or save it again");
    }
    describe(file, kind, tensors, details, problems);
    String format = form != TensorFile.SAFETENSORS
        ? form.name().toLowerCase(Locale.ROOT)
        : kind == Kind.BASE ? "single-file" : "safetensors";
    return new Inspection(
        file,
        kind.word(),
        Family.of(kind, tensors),
        format,
        tally.parameters(),
        tally.dtypes(),
        details,
        problems);
  }

  private static void describe(
      Path file,
      Kind kind,
      TensorList tensors,
      Map<String, Object> details,
      List<String> problems) {
    if (kind == Kind.LORA) {
      LoraRank.of(tensors).ifPresent(rank -> details.put("rank", rank));
    }
    if (kind == Kind.IP_ADAPTER) {
      try {
        details.put("adapter", AdapterFile.of(file).layout().describe());
      } catch (UnusableInput e) {
        problems.add(e.getMessage());
      }
    }
    boolean known = dev.likeness.diffusion.internal.family.Family.KNOWN.stream()
        .anyMatch(family -> family.recognises(tensors));
    if (kind == Kind.BASE && known) {
      try {
        details.putAll(BaseDetails.of(SingleFile.open(file)));
      } catch (UnusableInput e) {
        problems.add(e.getMessage());
      }
    }
    if (tensors instanceof SafetensorsHeader header && !header.metadata().isEmpty()) {
      details.put("metadata", shortened(header.metadata()));
    }
  }

  // Trainers put whole tag statistics there.
  private static Map<String, String> shortened(Map<String, String> metadata) {
    Map<String, String> shown = new LinkedHashMap<>();
    metadata.forEach((name, value) -> shown.put(
        name, value.length() > MOST_METADATA ? value.substring(0, MOST_METADATA) + "…" : value));
    return shown;
  }
}
