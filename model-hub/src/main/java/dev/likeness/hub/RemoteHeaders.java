package dev.likeness.hub;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.diffusion.internal.io.TemporaryFiles;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The headers of a repository's weights, with its configurations, in a temporary folder: the files
 * have the lengths of the repository's files, but of weights only the headers are read. Whatever
 * reads only headers of local files reads these in the same way. {@link #close()} deletes the
 * folder.
 */
public final class RemoteHeaders implements AutoCloseable {
  /** The largest number of bytes that is read of one repository: 20 MB. */
  public static final long MOST_BYTES = 20_000_000;

  private static final int FIRST_RANGE = 1 << 17;
  /** A pickle up to this size is read whole. */
  private static final int WHOLE = 1 << 20;

  private static final List<String> TEXTS = List.of(".json", ".txt", ".model");
  /** The few values that tell a variant; see {@code PredictionDetector} of Stable Diffusion. */
  private static final List<String> TELLING =
      List.of("edm_mean", "edm_std", "output_blocks.11.1.transformer_blocks.0.norm1.bias");

  private final HubRepository repository;
  private final NeededFiles needed;
  private final Path folder;
  private final Reader reader;

  private RemoteHeaders(HubRepository repository, NeededFiles needed, Path folder, Reader reader) {
    this.repository = repository;
    this.needed = needed;
    this.folder = folder;
    this.reader = reader;
  }

  static RemoteHeaders read(HubClient client, HubRepository repository, NeededFiles needed) {
    Path folder = null;
    try {
      folder = TemporaryFiles.createFolder();
      Reader reader = new Reader(client, repository);
      RemoteHeaders headers = new RemoteHeaders(repository, needed, folder, reader);
      for (HubFile file : needed.files()) {
        Path path = folder.resolve(file.name());
        Files.createDirectories(path.getParent());
        reader.read(file, path);
      }
      Path whole = folder;
      folder = null;
      return new RemoteHeaders(repository, needed, whole, reader);
    } catch (IOException e) {
      throw new ResourceLimitException(
          "cannot write temporary files: " + Quoted.reason(e)
              + "; make room on the disk, or set -Djava.io.tmpdir",
          e);
    } finally {
      if (folder != null) {
        TemporaryFiles.discard(folder);
      }
    }
  }

  /** {@return the folder or file whose headers can be read} */
  public Path path() {
    return needed.opened().isEmpty() ? folder : folder.resolve(needed.opened());
  }

  /** {@return what the hub says of the repository} */
  public HubRepository repository() {
    return repository;
  }

  /** {@return the number of bytes of the files that the library opens} */
  public long fileBytes() {
    return needed.files().stream().mapToLong(HubFile::size).sum();
  }

  /** {@return the number of bytes that were read} */
  public long readBytes() {
    return reader.bytes;
  }

  /**
   * {@return a text about {@link #path()} with the address in place of the temporary folder}
   *
   * @param text a message or report
   */
  public String named(String text) {
    String address = HubAddress.PREFIX + repository.address().repository();
    return text.replace(path().toString(), HubAddress.PREFIX + repository.address())
        .replace(folder + "/", address + ":")
        .replace(folder.toString(), address);
  }

  @Override
  public void close() {
    TemporaryFiles.discard(folder);
  }

  /** Reads beginnings of files. */
  private static final class Reader {
    private final HubClient client;
    private final HubRepository repository;
    private long bytes;

    Reader(HubClient client, HubRepository repository) {
      this.client = client;
      this.repository = repository;
    }

    void read(HubFile file, Path path) throws IOException {
      try (FileChannel out = FileChannel.open(
          path,
          StandardOpenOption.CREATE_NEW,
          StandardOpenOption.WRITE,
          StandardOpenOption.SPARSE)) {
        if (file.size() <= FIRST_RANGE || TEXTS.stream().anyMatch(file.name()::endsWith)) {
          write(out, 0, range(file, 0, file.size()));
          return;
        }
        byte[] first = range(file, 0, FIRST_RANGE);
        write(out, 0, first);
        if (isGguf(first)) {
          readGguf(file, out, first);
        } else if (isPickle(first)) {
          readPickle(file, out, first);
        } else {
          readSafetensors(file, out, first);
        }
        if (out.size() < file.size()) {
          out.write(ByteBuffer.allocate(1), file.size() - 1);
        }
      }
      if (isSafetensors(path)) {
        readTelling(file, path);
      }
    }

    // A page for people or a stand-in is no safetensors file; reading it tells that.
    private void readSafetensors(HubFile file, FileChannel out, byte[] first) throws IOException {
      long length = ByteBuffer.wrap(first).order(ByteOrder.LITTLE_ENDIAN).getLong();
      if (first[8] != '{') {
        return;
      }
      if (length < 0 || length > SafetensorsHeader.DEFAULT_CAP) {
        throw new InvalidInputException(subject(file) + " announces a header of "
            + Long.toUnsignedString(length) + " bytes, more than the "
            + SafetensorsHeader.DEFAULT_CAP + " allowed; nothing more was read");
      }
      if (8 + length > first.length) {
        write(out, first.length, range(file, first.length, 8 + length - first.length));
      }
    }

    private void readTelling(HubFile file, Path path) throws IOException {
      SafetensorsHeader header;
      try {
        header = SafetensorsHeader.read(path);
      } catch (InvalidInputException e) {
        // Whoever reads the header says so.
        return;
      }
      try (FileChannel out = FileChannel.open(path, StandardOpenOption.WRITE)) {
        for (Map.Entry<String, SafetensorsHeader.Entry> tensor :
            header.tensors().entrySet()) {
          if (TELLING.stream().anyMatch(tensor.getKey()::endsWith)
              && tensor.getValue().bytes() <= FIRST_RANGE) {
            long from = header.dataStart() + tensor.getValue().begin();
            write(out, from, range(file, from, tensor.getValue().bytes()));
          }
        }
      }
    }

    private static boolean isSafetensors(Path path) throws IOException {
      try (FileChannel in = FileChannel.open(path, StandardOpenOption.READ)) {
        ByteBuffer head = ByteBuffer.allocate(9);
        return in.read(head, 0) == 9 && head.get(8) == '{';
      }
    }

    private void readGguf(HubFile file, FileChannel out, byte[] first) throws IOException {
      byte[] read = first;
      OptionalLong end = GgufExtent.of(read);
      while (end.isEmpty() && read.length < file.size()) {
        long more = Math.min(read.length, file.size() - read.length);
        byte[] next = range(file, read.length, more);
        write(out, read.length, next);
        byte[] all = new byte[read.length + next.length];
        System.arraycopy(read, 0, all, 0, read.length);
        System.arraycopy(next, 0, all, read.length, next.length);
        read = all;
        end = GgufExtent.of(read);
      }
    }

    private void readPickle(HubFile file, FileChannel out, byte[] first) throws IOException {
      if (first[0] == 'P' && file.size() > WHOLE) {
        TorchZip.write(
            (from, length) -> range(file, from, length),
            out,
            file.size(),
            subject(file).toString());
        return;
      }
      // In the form before the zip form, names and shapes lie anywhere.
      if (file.size() > MOST_BYTES - bytes) {
        throw new InvalidInputException(subject(file) + " is an old torch pickle of "
            + ByteCount.of(file.size())
            + ", which has no header; get it, and inspect the local file");
      }
      write(out, FIRST_RANGE, range(file, FIRST_RANGE, file.size() - FIRST_RANGE));
    }

    private static boolean isGguf(byte[] first) {
      return new String(first, 0, 4, StandardCharsets.ISO_8859_1).equals("GGUF");
    }

    private static boolean isPickle(byte[] first) {
      return first[0] == 'P' && first[1] == 'K' && first[2] == 3 && first[3] == 4
          || (first[0] & 255) == 0x80 && first[1] >= 2 && first[1] <= 5 && first[8] != '{';
    }

    private static void write(FileChannel out, long at, byte[] bytes) throws IOException {
      ByteBuffer from = ByteBuffer.wrap(bytes);
      while (from.hasRemaining()) {
        out.write(from, at + from.position());
      }
    }

    private HubFailures.Subject subject(HubFile file) {
      return HubFailures.Subject.of(repository.address()).file(file.name());
    }

    private byte[] range(HubFile file, long from, long length) {
      if (length > MOST_BYTES - bytes) {
        throw new InvalidInputException("the headers of " + repository.address().repository()
            + " have more than the " + ByteCount.of(MOST_BYTES)
            + " that are read at most; get it, and inspect the local files");
      }
      bytes += length;
      URI address =
          client.fileAddress(repository.address().repository(), repository.commit(), file.name());
      return length == 0
          ? new byte[0]
          : client.repeat(address, () -> {
            Optional<String> range = from == 0 && length == file.size()
                ? Optional.empty()
                : Optional.of("bytes=" + from + "-" + (from + length - 1));
            try (HubClient.Answer answer = client.get(address, subject(file), range)) {
              return part(file, answer, from, length);
            }
          });
    }

    private byte[] part(HubFile file, HubClient.Answer answer, long from, long length)
        throws IOException {
      if (answer.status() == 200 && from > 0 || answer.status() == 416) {
        throw new InvalidInputException(answer.address().getHost() + " gives no parts of "
            + subject(file) + "; get it, and inspect the local file");
      }
      // A server that knows no ranges sends the whole file; the rest is not read.
      byte[] read = answer.body().first(length);
      if (read.length < length) {
        throw new IOException("it ended after " + read.length + " of " + length + " bytes");
      }
      return read;
    }
  }
}
