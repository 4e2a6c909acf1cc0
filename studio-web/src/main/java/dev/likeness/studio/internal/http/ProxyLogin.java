package dev.likeness.studio.internal.http;

/**
 * The header by which a reverse proxy shows that it has logged the user in.
 *
 * @param name the name of the header
 * @param secret its value
 */
public record ProxyLogin(String name, String secret) {
  /** {@return the name of the header; never the secret} */
  @Override
  public String toString() {
    return name;
  }
}
