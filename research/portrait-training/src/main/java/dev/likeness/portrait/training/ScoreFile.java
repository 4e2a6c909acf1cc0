package dev.likeness.portrait.training;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.bytedeco.pytorch.Tensor;

/** The file of a small network that headshots are scored by: its averaged weights, rounded. */
final class ScoreFile {
  private static final int DIGITS = 4;

  private ScoreFile() {}

  /** Writes what a {@link TrainingLoop} left in {@code state}. */
  static void write(Path state, Path file) throws IOException {
    Map<String, List<BigDecimal>> weights = new LinkedHashMap<>();
    try (TensorScope scope = TensorScope.open();
        Safetensors saved = Safetensors.open(state)) {
      saved.names().stream()
          .filter(name -> name.startsWith("ema."))
          .sorted()
          .forEach(name -> weights.put(name.substring("ema.".length()), rounded(saved.read(name))));
    }
    String text = JSON.std.asString(weights).replace("],", "],\n ") + "\n";
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(text.getBytes(StandardCharsets.US_ASCII));
    }
  }

  private static List<BigDecimal> rounded(Tensor tensor) {
    FloatBuffer values = tensor.contiguous().createBuffer();
    List<BigDecimal> list = new ArrayList<>();
    for (long i = 0; i < tensor.numel(); i++) {
      list.add(BigDecimal.valueOf(values.get())
          .setScale(DIGITS, RoundingMode.HALF_EVEN)
          .stripTrailingZeros());
    }
    return list;
  }
}
