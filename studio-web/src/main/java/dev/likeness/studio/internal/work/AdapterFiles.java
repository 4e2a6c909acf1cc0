package dev.likeness.studio.internal.work;

import dev.likeness.ipadapter.IdentityFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * An adapter of an identity method with the files that it needs.
 *
 * @param adapter the adapter's file
 * @param imageEncoder the image encoder; empty to look for one
 * @param faceEmbedder the face embedder; empty to look for one beside the adapter
 * @param faceParser the face parser, if the method needs one
 * @param controlNet the folder of the method's own ControlNet
 */
public record AdapterFiles(
    Path adapter,
    Optional<Path> imageEncoder,
    Optional<Path> faceEmbedder,
    Optional<Path> faceParser,
    Optional<Path> controlNet) {
  /** Returns the name by which pages and stores know the adapter: that of its file. */
  String id() {
    return adapter.getFileName().toString();
  }

  /** Returns the files as a method takes them. A folder beside the adapter is found by itself. */
  IdentityFiles identity() {
    IdentityFiles files = IdentityFiles.of(adapter);
    files = imageEncoder.map(files::imageEncoder).orElse(files);
    files = faceEmbedder.filter(Files::isRegularFile).map(files::faceEmbedder).orElse(files);
    files = faceParser.map(files::faceParser).orElse(files);
    return controlNet.map(files::controlNet).orElse(files);
  }
}
