package dev.likeness.cli;

import dev.likeness.headshots.LikenessVersion;
import picocli.CommandLine.IVersionProvider;

/** What {@code likeness --version} prints. */
final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() {
    return new String[] {"likeness " + LikenessVersion.current()};
  }
}
