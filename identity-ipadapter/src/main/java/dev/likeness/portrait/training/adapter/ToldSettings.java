package dev.likeness.portrait.training.adapter;

import dev.likeness.diffusion.error.InvalidInputException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * What a training's settings say to others, in the header of its adapter, and to a later run: an
 * adapter that it goes on from by its bytes, since a path says how somebody's disk is ordered, and
 * is another when the file was moved.
 */
final class ToldSettings {
  private ToldSettings() {}

  static String of(AdapterTraining settings) {
    return settings.start() == null
        ? settings.toString()
        : settings.from(null) + " from an adapter of SHA-256 " + sha256(settings.start());
  }

  private static String sha256(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      in.transferTo(new DigestOutputStream(OutputStream.nullOutputStream(), digest));
      return HexFormat.of().formatHex(digest.digest());
    } catch (IOException e) {
      throw new InvalidInputException(
          file + " cannot be read: " + e.getMessage() + "; give the adapter to go on from", e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
