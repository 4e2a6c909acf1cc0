package dev.likeness.examples.command;

import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.UsePolicy;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The networks that photos are judged with, beside the built-in cascades. */
final class FaceFiles {
  @Option(names = "--detector", paramLabel = "FILE", description = "a YuNet ONNX file: finds more faces, and their pose")
  private Path detector;

  @Option(names = "--embedder", paramLabel = "FILE", description = "an ONNX file named after SFace, MobileFace, AuraFace "
      + "or ArcFace: finds photos of somebody else and the same shot twice")
  private Path embedder;

  @Option(names = "--quality", paramLabel = "FILE", description = "a face-quality ONNX file: a second opinion")
  private Path quality;

  @Option(names = "--commercial", description = "refuses networks whose licence forbids commercial use")
  private boolean commercial;

  /** The tools, to be closed by the caller. */
  ReviewTools open() {
    ReviewTools tools = ReviewTools.builtIn();
    tools = detector == null ? tools : tools.withDetector(detector);
    tools = embedder == null ? tools
        : tools.withEmbedder(embedder, policy());
    return quality == null ? tools : tools.withQuality(quality);
  }

  /** Which networks' licences will do. */
  UsePolicy policy() {
    return commercial ? UsePolicy.COMMERCIAL : UsePolicy.NON_COMMERCIAL;
  }
}
