package dev.likeness.integrations.spark;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.lora.Lora;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The LoRA of a task. One is open at a time, read into memory. For one thread. */
final class LoraFiles implements AutoCloseable {
  private static final long MAX_LORA = Integer.MAX_VALUE - 16L;

  /**
   * An open LoRA.
   *
   * @param lora the LoRA, or null for none
   * @param digest SHA-256 of its file; empty for none
   */
  record Open(String uri, Lora lora, String digest) {
    Optional<Adapter> adapter(double weight) {
      return Optional.ofNullable(lora).map(open -> open.at(weight));
    }
  }

  private final SharedFiles files;
  private final BaseModel base;
  private final FileSystem memory = Jimfs.newFileSystem(Configuration.unix());
  private Open open = new Open("", null, "");

  LoraFiles(SharedFiles files, BaseModel base) {
    this.files = files;
    this.base = base;
  }

  /**
   * Opens a LoRA and closes the one before it.
   *
   * @param uri the URI of the file; empty for none
   * @throws dev.likeness.diffusion.error.InvalidInputException if the file is missing or does not
   *     fit the base
   */
  Open open(String uri) {
    if (uri.equals(open.uri)) {
      return open;
    }
    closeOpen();
    if (uri.isEmpty()) {
      return open;
    }
    try {
      org.apache.hadoop.fs.Path shared = files.path("the LoRA", uri);
      byte[] content = files.read("the LoRA", shared, MAX_LORA);
      Path file = memory.getPath("/" + shared.getName());
      Files.write(file, content);
      try {
        open = new Open(uri, Lora.open(file, base), PersonKey.hex(content));
      } finally {
        Files.delete(file);
      }
      return open;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void closeOpen() {
    if (open.lora != null) {
      open.lora.close();
    }
    open = new Open("", null, "");
  }

  @Override
  public void close() throws IOException {
    closeOpen();
    memory.close();
  }
}
