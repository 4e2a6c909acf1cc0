package dev.likeness.examples.command;

import dev.likeness.diffusion.GuidanceOptions;
import dev.likeness.diffusion.ImageRequest;
import dev.likeness.diffusion.text.PromptSyntax;
import dev.likeness.diffusion.text.TextualInversion;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** How prompts are read and followed. */
final class PromptOptions {
  @Option(names = "--prompt-syntax", paramLabel = "NAME", defaultValue = "plain",
      description = "plain, or a1111: (word:1.2), [word], BREAK, [from:to:when], [a|b], any length (default: "
          + "${DEFAULT-VALUE})")
  private String syntax;

  @Option(names = "--clip-skip", paramLabel = "N", defaultValue = "0",
      description = "leaves out the text encoder's last N layers (default: ${DEFAULT-VALUE})")
  private int clipSkip;

  @Option(names = "--embedding", paramLabel = "FILE",
      description = "a textual inversion that the prompts may name; may be given several times")
  private List<Path> embeddings = List.of();

  @Option(names = "--guidance-rescale", paramLabel = "X", defaultValue = "0",
      description = "brings the contrast of strong guidance back, 0..1 (default: ${DEFAULT-VALUE})")
  private double rescale;

  @Option(names = "--guidance-from", paramLabel = "X", defaultValue = "0",
      description = "the share of the run at which guidance begins (default: ${DEFAULT-VALUE})")
  private double from;

  @Option(names = "--guidance-until", paramLabel = "X", defaultValue = "1",
      description = "the share at which it ends (default: ${DEFAULT-VALUE})")
  private double until;

  @Option(names = "--sequential-guidance",
      description = "asks for one prompt after the other: slower, in half the memory")
  private boolean sequential;

  ImageRequest on(ImageRequest request) {
    GuidanceOptions guidance = GuidanceOptions.STANDARD.rescale(rescale).between(from, until);
    ImageRequest told = request.syntax(PromptSyntax.parse(syntax)).clipSkip(clipSkip)
        .guidance(sequential ? guidance.inTurns() : guidance);
    for (Path file : embeddings) {
      told = told.word(TextualInversion.open(file));
    }
    return told;
  }
}
