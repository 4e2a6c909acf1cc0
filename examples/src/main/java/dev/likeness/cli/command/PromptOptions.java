package dev.likeness.cli.command;

import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.request.TextualInversion;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** How prompts are read. */
final class PromptOptions {
  @Option(
      names = "--prompt-syntax",
      paramLabel = "NAME",
      defaultValue = "plain",
      description =
          "plain, or a1111: (word:1.2), [word], BREAK, [from:to:when], [a|b], any length (default: "
              + "${DEFAULT-VALUE})")
  private String syntax;

  @Option(
      names = "--clip-skip",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "leaves out the text encoder's last N layers, beyond the base's own: the web UI's clip skip 2 is 1 on Stable"
              + " Diffusion 1.x, 0 on XL and 2.x (default: ${DEFAULT-VALUE})")
  private int clipSkip;

  @Option(
      names = "--embedding",
      paramLabel = "FILE",
      description = "a textual inversion that the prompts may name; may be given several times")
  private List<Path> embeddings = List.of();

  ImageRequest on(ImageRequest request) {
    ImageRequest told = request.syntax(PromptSyntax.parse(syntax)).clipSkip(clipSkip);
    for (Path file : embeddings) {
      told = told.word(TextualInversion.open(file));
    }
    return told;
  }
}
