package dev.likeness.integrations.spark;

import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/** The local disk with the scheme "watched": a test sees what is opened and created, and acts. */
public final class WatchedFileSystem extends RawLocalFileSystem {
  static final List<String> OPENED = Collections.synchronizedList(new ArrayList<>());
  private static volatile Action action = event -> {};

  /** What a test does before a file is opened or created. */
  interface Action {
    void on(String event) throws IOException;
  }

  /** Adds the scheme to a configuration. */
  static Configuration addTo(Configuration configuration) {
    configuration.set("fs.watched.impl", WatchedFileSystem.class.getName());
    configuration.setBoolean("fs.watched.impl.disable.cache", true);
    return configuration;
  }

  /** Calls {@code next} with "open NAME" and "create NAME" of each file from now on. */
  static void on(Action next) {
    action = next;
    OPENED.clear();
  }

  static String uri(java.nio.file.Path file) {
    return "watched://" + file.toAbsolutePath();
  }

  @Override
  public URI getUri() {
    return URI.create("watched:///");
  }

  @Override
  public String getScheme() {
    return "watched";
  }

  @Override
  public FSDataInputStream open(Path file, int buffer) throws IOException {
    OPENED.add(file.getName());
    action.on("open " + file.getName());
    return super.open(file, buffer);
  }

  @Override
  public FSDataOutputStream create(
      Path file,
      boolean overwrite,
      int buffer,
      short replication,
      long block,
      Progressable progress)
      throws IOException {
    action.on("create " + file.getName());
    return super.create(file, overwrite, buffer, replication, block, progress);
  }

  @Override
  public FSDataOutputStream create(
      Path file,
      FsPermission permission,
      boolean overwrite,
      int buffer,
      short replication,
      long block,
      Progressable progress)
      throws IOException {
    action.on("create " + file.getName());
    return super.create(file, permission, overwrite, buffer, replication, block, progress);
  }
}
