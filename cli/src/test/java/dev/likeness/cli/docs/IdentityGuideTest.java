package dev.likeness.cli.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.CommandResult;
import dev.likeness.cli.Selfies;
import dev.likeness.diffusion.golden.PipelineFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the commands of the guide on identity without training, in order, on tiny weights. */
class IdentityGuideTest {
  private static final String PAGE = "docs/guides/identity-without-training.md";

  @TempDir
  private Path folder;

  @Test
  void everyCommandOfTheGuideRuns() throws IOException {
    Path distilled = PipelineFolder.write("klein/distilled", folder).path();
    Path base = PipelineFolder.write("klein/base", folder).path();
    Path photos = Selfies.of("5000000001", 2, folder);
    List<String> outputs = new ArrayList<>();
    for (MarkdownPage.Block block : page().blocks()) {
      if (!block.language().equals("sh")) {
        continue;
      }
      for (ShellLine line : ShellLine.of(block.text())) {
        Optional<List<String>> words = line.likeness();
        if (words.isPresent()) {
          outputs.add(run(words.get(), distilled, base, photos));
        }
      }
    }
    assertEquals(List.of("shots", "faces", "more", "both", "trained", "again"), outputs);
  }

  private String run(List<String> words, Path distilled, Path base, Path photos) {
    List<String> arguments = new ArrayList<>();
    for (String word : words) {
      arguments.add(
          switch (word) {
            // The tiny distilled base has other layers, so the LoRA stays on its own base.
            case "models/flux2-klein-4b" ->
              (words.contains("lora+references") ? base : distilled).toString();
            case "models/flux2-klein-base-4b" -> base.toString();
            case "selfies" -> photos.toString();
            // The tiny autoencoder is slow on larger images.
            case "256" -> "64";
            default ->
              word.endsWith(".safetensors") || follows(words, word)
                  ? folder.resolve(word).toString()
                  : word;
          });
    }
    if (words.contains("--photos") && !words.contains("--reference-size")) {
      arguments.addAll(List.of("--reference-size", "64"));
    }
    arguments.addAll(List.of("--size", "64", "--dtype", "f32", "--device", "cpu"));
    CommandResult run = CommandResult.of(arguments.toArray(String[]::new));
    assertEquals(0, run.status(), String.join(" ", words) + "\n" + run.err());
    String out = words.get(words.indexOf("--out") + 1);
    assertTrue(Files.exists(folder.resolve(out).resolve("headshot-001.png")), out);
    return out;
  }

  private static boolean follows(List<String> words, String word) {
    int at = words.indexOf(word);
    return at > 0 && words.get(at - 1).equals("--out");
  }

  private static MarkdownPage page() throws IOException {
    Path root = Path.of("").toAbsolutePath();
    while (!Files.exists(root.resolve(PAGE))) {
      root = root.getParent();
    }
    return new MarkdownPage(PAGE, Files.readString(root.resolve(PAGE)));
  }
}
