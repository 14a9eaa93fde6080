<?php

declare(strict_types=1);

namespace Skein\Chat;

/**
 * A notice that is drawn as a card: an order, a parcel, a payment.
 *
 *     Card::titled('Order 42 has been shipped')->line('Parcel', 'SF1234567890')->url('https://shop.example/orders/42')
 */
final class Card
{
    /** @var list<array{label?: string, value: string}> */
    private array $lines = [];

    private ?string $url = null;

    private ?string $image = null;

    private function __construct(private readonly string $title)
    {
    }

    /** @param  string  $title  One line, at most 120 characters */
    public static function titled(string $title): self
    {
        return new self($title);
    }

    /** A fact with a label (at most 40 characters) and a value (at most 200). At most 12 lines in all. */
    public function line(string $label, string $value): self
    {
        $this->lines[] = ['label' => $label, 'value' => $value];

        return $this;
    }

    /** A line without a label. */
    public function text(string $value): self
    {
        $this->lines[] = ['value' => $value];

        return $this;
    }

    /** Where a click goes: http(s), or a path on the site. */
    public function url(string $url): self
    {
        $this->url = $url;

        return $this;
    }

    /** Address of a picture: http(s), or a path on the site. */
    public function image(string $url): self
    {
        $this->image = $url;

        return $this;
    }

    /** @internal */
    public function toArray(): array
    {
        return ['title' => $this->title, 'lines' => $this->lines]
            + array_filter(['url' => $this->url, 'image' => $this->image], 'is_string');
    }
}
